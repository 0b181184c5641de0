package wire

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Valid puts the replacement character for what is not UTF-8 in the texts of what a
// plugin sends, at any depth. An action passes on the names of files and what programs print, which may be
// anything, and gRPC ends the call over one byte of it.
func Valid(message proto.Message) { validIn(message.ProtoReflect()) }

func validIn(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case field.IsMap(): // a plugin sends none
		case field.IsList():
			list := v.List()
			for i := range list.Len() {
				if changed, ok := valid(field, list.Get(i)); ok {
					list.Set(i, changed)
				}
			}
		default:
			if changed, ok := valid(field, v); ok {
				message.Set(field, changed)
			}
		}
		return true
	})
}

// valid returns what stands for a value that is not valid, and makes a message valid where
// it is.
func valid(field protoreflect.FieldDescriptor, v protoreflect.Value) (changed protoreflect.Value, ok bool) {
	switch field.Kind() {
	case protoreflect.MessageKind:
		validIn(v.Message())
	case protoreflect.StringKind:
		is := v.String()
		if may := strings.ToValidUTF8(is, "\uFFFD"); may != is {
			return protoreflect.ValueOfString(may), true
		}
	default:
	}
	return protoreflect.Value{}, false
}
