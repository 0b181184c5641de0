package steps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
	"github.com/gatebook/gatebook/steps/internal/files"
)

// FileVerifyInput is what file.verify is given.
type FileVerifyInput struct {
	Path   string `json:"path" required:"true" minLength:"1" example:"dist/web-1.2.0.tar.gz" doc:"File to read; a relative path starts from the working directory."`
	Size   *int64 `json:"size" min:"0" unit:"bytes" doc:"Size that the file must have."`
	SHA256 string `json:"sha256" pattern:"^[0-9a-fA-F]{64}$" doc:"SHA-256 that the file must have, in hexadecimal."`
	CRC32  string `json:"crc32" pattern:"^[0-9a-fA-F]{8}$" doc:"CRC-32 (IEEE, as in zip and gzip) that the file must have, in hexadecimal."`
}

// FileVerifyOutput is what file.verify returns.
type FileVerifyOutput struct {
	Size   int64  `json:"size" required:"true" unit:"bytes" doc:"Size of the file."`
	SHA256 string `json:"sha256" required:"true" doc:"SHA-256 of the file, in lower-case hexadecimal."`
	CRC32  string `json:"crc32" required:"true" doc:"CRC-32 (IEEE) of the file, in lower-case hexadecimal."`
}

func fileVerify(o Options) sdk.Action[FileVerifyInput, FileVerifyOutput] {
	return sdk.Action[FileVerifyInput, FileVerifyOutput]{
		Name:    "file.verify",
		Summary: "Hold a file's size and checksums against what they must be",
		Description: `Reads the file once and compares what is given; what is not given is only returned. A file that is missing, is not a
regular file or differs is a permanent error that names each difference; one that changes while it is read is transient.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "An artifact against its published checksum", With: map[string]any{
				"path": "dist/web-1.2.0.tar.gz", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
			}},
			{Title: "A backup's size and CRC", With: map[string]any{"path": "/backup/db.dump", "size": 1048576, "crc32": "cbf43926"}},
		},
		Plan: func(ctx context.Context, call *sdk.Call[FileVerifyInput]) (sdk.Preview, error) {
			if !call.Knows("path") {
				return sdk.Preview{Summary: "would verify a file that is not known yet"}, nil
			}
			preview := sdk.Preview{Summary: "would verify " + call.Input.Path}
			if call.Later {
				return preview, nil // of what will be so then nothing is so now
			}
			preview.Observed = []sdk.Seen{files.Seen(ctx, o.path(call.Input.Path), call.Input.Path)}
			if _, err := os.Stat(o.path(call.Input.Path)); err != nil {
				preview.Warnings = []string{fmt.Sprintf("There is no file %s yet.", call.Input.Path)}
			}
			return preview, nil
		},
		Apply: func(ctx context.Context, call *sdk.Call[FileVerifyInput]) (FileVerifyOutput, error) {
			output, err := o.digest(ctx, call.Input.Path, call.Host)
			if err != nil {
				return FileVerifyOutput{}, err
			}
			return output, call.Input.compare(output)
		},
	}
}

// digest reads a regular file once.
func (o Options) digest(ctx context.Context, name string, host sdk.Host) (FileVerifyOutput, error) {
	// Opening a named pipe waits for a writer, so look before.
	before, err := os.Stat(o.path(name))
	if err != nil {
		return FileVerifyOutput{}, files.Error("path", name, err)
	}
	if !before.Mode().IsRegular() {
		return FileVerifyOutput{}, sdk.FieldErrorf("path", "%s is not a regular file", name)
	}
	file, err := os.Open(o.path(name))
	if err != nil {
		return FileVerifyOutput{}, files.Error("path", name, err)
	}
	defer func() { _ = file.Close() }()
	sha, crc := sha256.New(), crc32.NewIEEE()
	read := files.NewReader(ctx, file, before.Size(), host.Progress)
	size, err := io.CopyBuffer(io.MultiWriter(sha, crc), read, make([]byte, 1<<20))
	if ctx.Err() != nil {
		return FileVerifyOutput{}, context.Cause(ctx)
	}
	if err != nil {
		return FileVerifyOutput{}, sdk.Errorf(sdk.Transient, "reading %s: %w", name, err)
	}
	after, err := file.Stat()
	if err != nil || after.Size() != size || !after.ModTime().Equal(before.ModTime()) {
		return FileVerifyOutput{}, sdk.Errorf(sdk.Transient, "%s changed while it was read", name)
	}
	return FileVerifyOutput{
		Size: size, SHA256: hex.EncodeToString(sha.Sum(nil)), CRC32: hex.EncodeToString(crc.Sum(nil)),
	}, nil
}

func (in FileVerifyInput) compare(is FileVerifyOutput) error {
	var differences []string
	if in.Size != nil && *in.Size != is.Size {
		differences = append(differences, fmt.Sprintf("size is %d, not %d", is.Size, *in.Size))
	}
	for _, sum := range []struct{ name, is, want string }{
		{"SHA-256", is.SHA256, in.SHA256},
		{"CRC-32", is.CRC32, in.CRC32},
	} {
		if sum.want != "" && !strings.EqualFold(sum.is, sum.want) {
			differences = append(differences, fmt.Sprintf("%s is %s, not %s", sum.name, sum.is, strings.ToLower(sum.want)))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return sdk.Errorf(sdk.Permanent, "%s: %s", in.Path, strings.Join(differences, "; "))
}
