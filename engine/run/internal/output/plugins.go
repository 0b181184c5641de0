package output

import (
	"cmp"
	"sync"
	"time"

	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
)

// Plugins keeps what plugins write to logs of their own in the run's folder, masked. A
// plugin may write after the run's end, while it is ended: that is kept too. It is safe
// for concurrent use.
type Plugins struct {
	folder *journal.Run
	now    func() time.Time
	mask   func(string) string

	mu   sync.Mutex
	logs map[string]*Log // by the plugin's name
}

// OfPlugins returns the logs of plugins in a run's folder, whose text mask masks.
func OfPlugins(folder *journal.Run, now func() time.Time, mask func(string) string) *Plugins {
	return &Plugins{folder: folder, now: now, mask: mask, logs: make(map[string]*Log)}
}

// pluginLog is what the log of a plugin is called. No step has a name with a hyphen.
func pluginLog(plugin string) string { return "plugin-" + plugin }

// Keep writes a line. What a plugin does is no attempt's alone: whose a line is, is told
// by the connection and the time.
func (p *Plugins) Keep(line plan.LogLine) {
	text := p.mask(string(line.Text))
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.logs[line.Plugin]
	if log == nil {
		log = New(p.folder.Output(pluginLog(line.Plugin)))
		p.logs[line.Plugin] = log
	}
	log.Keep(p.now(), 0, cmp.Or(line.Connection, "-"), text)
	log.Flush() // a plugin's last words must outlive this process
}

// Of returns where the log of a plugin is; empty where it wrote none.
func (p *Plugins) Of(plugin string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logs[plugin] == nil {
		return ""
	}
	return p.folder.OutputPath(pluginLog(plugin))
}
