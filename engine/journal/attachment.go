package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// MaxAttachment is the largest file that can be kept with an answer, in bytes.
const MaxAttachment = 16 << 20

// Attach keeps the bytes of a file that a person gives with an answer, and returns their
// SHA-256, in hexadecimal, by which [Run.Attached] finds them. They are on the disk before it
// returns, so that an answer never names what is not there.
func (r *Run) Attach(content []byte) (string, error) {
	if len(content) > MaxAttachment {
		return "", fmt.Errorf("keep a file with run %s: it has %d bytes, and at most %d can be kept", r.id, len(content), MaxAttachment)
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	path := r.attachment(digest)
	err := disk.MakeDir(filepath.Dir(path))
	if err == nil {
		err = disk.WriteFile(path, content)
	}
	if err != nil {
		return "", fmt.Errorf("keep a file with run %s: %w", r.id, err)
	}
	return digest, nil
}

// Attached returns the bytes of a SHA-256 that the run keeps; what has changed since is an
// error, and so is what is no such digest, which may come from anywhere.
func (r *Run) Attached(digest string) ([]byte, error) {
	if sum, err := hex.DecodeString(digest); err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != digest {
		return nil, fmt.Errorf("%q is no SHA-256 in hexadecimal", digest)
	}
	content, err := disk.ReadStart(r.attachment(digest), MaxAttachment)
	if err != nil {
		return nil, fmt.Errorf("read the file %s of run %s: %w", digest, r.id, err)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("the file %s of run %s is not as it was given: its SHA-256 is %x", digest, r.id, sum)
	}
	return content, nil
}

// Detach removes the bytes of a SHA-256, as of a file that must not be kept.
func (r *Run) Detach(digest string) error {
	if err := os.Remove(r.attachment(filepath.Base(digest))); err != nil {
		return fmt.Errorf("remove the file %s of run %s: %w", digest, r.id, err)
	}
	return nil
}

func (r *Run) attachment(digest string) string {
	return filepath.Join(r.dir, "attachments", digest)
}
