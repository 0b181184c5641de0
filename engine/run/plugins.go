package run

import (
	"cmp"
	"sync"

	"github.com/gatebook/gatebook/engine/plan"
)

// pluginLogs keeps what plugins write to logs of their own in the run's folder, masked. A
// plugin may write after the run's end, while it is ended: that is kept too. It is safe
// for concurrent use.
type pluginLogs struct {
	driver *driver

	mu   sync.Mutex
	logs map[string]*outputLog // by the plugin's name
}

// listen makes the driver ready for what plugins tell beside their actions, and says from
// now on which connections may be used.
func (d *driver) listen() {
	d.logs = pluginLogs{driver: d, logs: make(map[string]*outputLog)}
	d.targets = targets{driver: d, known: make(map[connection]seen)}
	d.plan.Targets.To(d.targets.judge)
}

// keepPluginLogs listens to the plugins of the run.
func (d *driver) keepPluginLogs() { d.plan.Logs.To(d.logs.keep) }

// pluginLog is what the log of a plugin is called. No step has a name with a hyphen.
func pluginLog(plugin string) string { return "plugin-" + plugin }

// keep writes a line. What a plugin does is no attempt's alone: whose a line is, is told
// by the connection and the time.
func (p *pluginLogs) keep(line plan.LogLine) {
	text := p.driver.secrets.text(string(line.Text))
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.logs[line.Plugin]
	if log == nil {
		log = newLog(p.driver.folder.Output(pluginLog(line.Plugin)))
		p.logs[line.Plugin] = log
	}
	log.keep(p.driver.process.Now(), 0, cmp.Or(line.Connection, "-"), text)
	log.flush() // a plugin's last words must outlive this process
}

// of returns where the log of a plugin is; empty where it wrote none.
func (p *pluginLogs) of(plugin string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logs[plugin] == nil {
		return ""
	}
	return p.driver.folder.OutputPath(pluginLog(plugin))
}
