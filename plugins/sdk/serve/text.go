package serve

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// validAnswer has only valid text leave a call.
func validAnswer(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, request)
	if message, ok := answer.(proto.Message); ok && err == nil {
		wire.Valid(message)
	}
	return answer, err
}

// validMessages has only valid text leave a stream.
func validMessages(server any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	return handle(server, validStream{stream})
}

type validStream struct{ grpc.ServerStream }

func (s validStream) SendMsg(m any) error {
	if message, ok := m.(proto.Message); ok {
		wire.Valid(message)
	}
	return s.ServerStream.SendMsg(m)
}
