package host

import (
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Descriptions are remembered by the checksum of the program that gave them, so that
// they are never out of date. What cannot be read or written is as good as absent.

func (h *Host) remembered(sum string) (sdk.PluginDescription, bool) {
	var d sdk.PluginDescription
	if h.options.Cache == "" {
		return d, false
	}
	text, err := os.ReadFile(h.rememberedAt(sum))
	if err != nil || json.Unmarshal(text, &d) != nil {
		return d, false
	}
	return d, sound(d.Name, d) == nil
}

func (h *Host) remember(sum string, d sdk.PluginDescription) {
	if h.options.Cache == "" {
		return
	}
	text, err := json.Marshal(d)
	if err != nil || os.MkdirAll(h.options.Cache, 0o700) != nil {
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

func (h *Host) rememberedAt(sum string) string { return filepath.Join(h.options.Cache, sum+".json") }
