//go:build !linux

package host

// executable is the name under which the file was found. Between the look at the
// file and its start it can be replaced; only Linux runs the very file.
func (b *binary) executable() string { return b.path }

// await returns how the process ended, and ends what it left behind in its group.
func (c *child) await() error {
	err := c.command.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive = false
	killGroup(c.command.Process.Pid)
	return err
}
