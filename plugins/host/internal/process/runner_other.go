//go:build !linux

package process

// await returns how the process ended, and ends what it left behind in its group.
func (c *child) await() error {
	err := c.command.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alive = false
	killGroup(c.command.Process.Pid)
	return err
}
