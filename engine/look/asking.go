package look

import (
	"slices"
	"sync"
)

// asking keeps what is being asked, for a person who waits.
type asking struct {
	mu    sync.Mutex
	asked []string
	tell  func(asked []string)
}

// begin says that something is being asked, until what it returns is called.
func (a *asking) begin(what string) (end func()) {
	if a.tell == nil {
		return func() {}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what)
	a.tell(slices.Clone(a.asked))
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		at := slices.Index(a.asked, what)
		a.asked = slices.Delete(a.asked, at, at+1)
		a.tell(slices.Clone(a.asked))
	}
}
