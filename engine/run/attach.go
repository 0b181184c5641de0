package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// maxAttachments is how many files can come with one answer.
const maxAttachments = 32

// maxFileName bounds what a file is called, in bytes, as file systems do.
const maxFileName = 255

// Attach keeps a file with a run, for the answer that will name it.
func Attach(folder *journal.Run, path string, content []byte) (sdk.Attachment, error) {
	digest, err := folder.Attach(content)
	if err != nil {
		return sdk.Attachment{}, err
	}
	return sdk.Attachment{Name: filepath.Base(path), Size: int64(len(content)), SHA256: digest}, nil
}

// attached says why the files of an answer cannot be taken: an answer may come from anybody who
// can write into the run's folder. A file that holds a secret is not kept.
func (d *driver) attached(question sdk.Question, answer sdk.Answer) error {
	switch given := len(answer.Attachments); {
	case answer.Approved && given < question.Attachments:
		return fmt.Errorf("%d files must come with it, and %d did: give them with --attach FILE", question.Attachments, given)
	case given > maxAttachments:
		return fmt.Errorf("%d files come with it, and at most %d can", given, maxAttachments)
	}
	for _, file := range answer.Attachments {
		if strings.ContainsFunc(file.Name, unicode.IsControl) || !utf8.ValidString(file.Name) || file.Name == "" || len(file.Name) > maxFileName || filepath.Base(file.Name) != file.Name {
			return fmt.Errorf("a file cannot be called %q", file.Name)
		}
		if d.secrets.Text(file.Name) != file.Name {
			return errors.New("a file is called by a secret of the run")
		}
		content, err := d.folder.Attached(file.SHA256)
		switch {
		case err != nil:
			return fmt.Errorf("the file %s cannot be kept with it: %w", file.Name, err)
		case int64(len(content)) != file.Size:
			return fmt.Errorf("the file %s has %d bytes, and not %d", file.Name, len(content), file.Size)
		case d.secrets.Text(string(content)) == string(content):
			continue
		}
		said := fmt.Errorf("the file %s holds a secret of the run, and would keep it in clear: give it without", file.Name)
		if err := d.folder.Detach(file.SHA256); err != nil {
			return fmt.Errorf("%w; it lies there still: %w", said, err)
		}
		return said
	}
	return nil
}
