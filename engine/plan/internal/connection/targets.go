package connection

import (
	"context"
	"sync"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Targets hears what the connections of a plan reach, before each use of one. The zero Targets
// has heard nothing. It is safe for concurrent use.
type Targets struct {
	mu    sync.Mutex
	judge func(ctx context.Context, over *Connection, target sdk.Target) error
	last  map[*Connection]sdk.Target
	shown map[*Connection]sdk.Target
}

// To has judge say from now on whether a connection may be used that reaches the target;
// an error of it says why not. It is called by many at once, but by one for a connection.
func (t *Targets) To(judge func(ctx context.Context, over *Connection, target sdk.Target) error) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.judge = judge
}

// Of returns what is told what a connection reaches.
func (t *Targets) Of(over *Connection) func(context.Context, sdk.Target) error {
	return func(ctx context.Context, target sdk.Target) error {
		t.mu.Lock()
		judge := t.judge
		if t.last == nil {
			t.last = make(map[*Connection]sdk.Target)
		}
		t.last[over] = target
		t.mu.Unlock()
		if judge == nil {
			return nil
		}
		return judge(ctx, over, target)
	}
}

// Show returns what a connection reached last, for people to see before a run of the plan.
func (t *Targets) Show(over *Connection) sdk.Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shown == nil {
		t.shown = make(map[*Connection]sdk.Target)
	}
	t.shown[over] = t.last[over]
	return t.last[over]
}

// Shown returns what people saw that a connection reaches; zero where nobody has.
func (t *Targets) Shown(over *Connection) sdk.Target {
	if t == nil {
		return sdk.Target{}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown[over]
}
