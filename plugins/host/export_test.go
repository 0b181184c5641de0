package host

import "context"

// Ping makes the barest call that go-plugin has, to compare with.
func (c *Connection) Ping(ctx context.Context) error {
	p, err := c.process(ctx)
	if err != nil {
		return err
	}
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	return protocol.Ping()
}
