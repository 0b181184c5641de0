package host

import (
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/gatebook/gatebook/plugins/host/internal/program"
	pluginv1 "github.com/gatebook/gatebook/plugins/proto/v1"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Descriptions are remembered as the program gave them, by its checksum, so that what one
// gatebook did not know of them yet is there for the next. What cannot be read or written
// is as good as absent, and so is what others may write. A process that is started is
// asked whether it says the same: see [connection.confirm].

// described is what a program says of itself, as it said it and as it is read here.
type described struct {
	answer *pluginv1.DescribeResponse
	sdk.PluginDescription
}

// remembered returns what the program of the checksum says of itself, where that is known
// and is that of the plugin in this version.
func (h *Host) remembered(name, version, sum string) (described, bool) {
	d, ok := h.recall(sum)
	return d, ok && d.Name == name && d.Version == version
}

// recall returns what the program of the checksum says of itself, where that is known,
// whoever it says that it is.
func (h *Host) recall(sum string) (described, bool) {
	if !h.mayRemember() {
		return described{}, false
	}
	text, err := os.ReadFile(h.rememberedAt(sum))
	answer := new(pluginv1.DescribeResponse)
	if err != nil || proto.Unmarshal(text, answer) != nil {
		return described{}, false
	}
	d, err := understood(answer.GetName(), answer)
	return d, err == nil
}

func (h *Host) remember(sum string, d described) {
	if h.options.Cache == "" || os.MkdirAll(h.options.Cache, 0o700) != nil || !h.mayRemember() {
		return
	}
	text, err := proto.Marshal(d.answer)
	if err != nil {
		return
	}
	whole, err := os.CreateTemp(h.options.Cache, sum+".*")
	if err != nil {
		return
	}
	_, err = whole.Write(text)
	if closeErr := whole.Close(); err == nil && closeErr == nil {
		err = os.Rename(whole.Name(), h.rememberedAt(sum))
	}
	if err != nil {
		_ = os.Remove(whole.Name())
	}
}

// unremember forgets a description that turned out to be another's.
func (h *Host) unremember(sum string) {
	if h.mayRemember() {
		_ = os.Remove(h.rememberedAt(sum))
	}
}

// mayRemember reports whether there is a folder for it that is ours alone.
func (h *Host) mayRemember() bool {
	if h.options.Cache == "" {
		return false
	}
	info, err := os.Stat(h.options.Cache)
	if err != nil {
		return false
	}
	stranger, _ := program.Stranger(info)
	return stranger == ""
}

func (h *Host) rememberedAt(sum string) string { return filepath.Join(h.options.Cache, sum+".binpb") }
