package journal

import (
	"strings"
	"testing"
)

// What is kept is found by its digest alone, and only as it was.
func TestAttachmentsAreFoundByTheirDigest(t *testing.T) {
	t.Parallel()
	folder, err := NewStore(t.TempDir()).Create("20261121-193055-k3f9x")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := folder.Attach([]byte("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := folder.Attach([]byte("a picture")); again != digest || err != nil {
		t.Errorf("the same again: %s, %v", again, err)
	}
	if got, err := folder.Attached(digest); string(got) != "a picture" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, wrong := range []string{"", "../lock", strings.ToUpper(digest), digest[:62], strings.Repeat("0", 64)} {
		if got, err := folder.Attached(wrong); err == nil {
			t.Errorf("%q is %q", wrong, got)
		}
	}
	if _, err := folder.Attach(make([]byte, MaxAttachment+1)); err == nil || !strings.Contains(err.Error(), "at most 16777216") {
		t.Errorf("too large: %v", err)
	}
	if err := folder.Detach(digest); err != nil {
		t.Error(err)
	}
	if _, err := folder.Attached(digest); err == nil {
		t.Error("it is there still")
	}
}
