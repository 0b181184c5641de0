package request

import (
	"context"
	"strings"

	"github.com/moby/moby/client"
)

// Client is a client of an engine that tells attempts of its requests.
type Client struct{ *client.Client }

// NewClient makes a client.
func NewClient(options ...client.Opt) (*Client, error) {
	made, err := client.New(append(options, noting()...)...)
	return &Client{made}, err
}

// Stale says whether a change was refused as what it changes was changed meanwhile: by its version
// index. The engine has no status of its own for that.
func Stale(err error) bool {
	return err != nil && strings.Contains(err.Error(), "update out of sequence")
}

// told notes that a change was refused by its version index: the engine answers 500 to that, as it does where
// nobody knows what it has done, and what else it says no hook of the library may read.
func told(ctx context.Context, err error) error {
	if attempt, _ := ctx.Value(attemptKey{}).(*Attempt); attempt != nil && Stale(err) {
		attempt.refused.Add(1)
	}
	return err
}

// ServiceUpdate updates a service by its version.
func (c *Client) ServiceUpdate(ctx context.Context, id string, options client.ServiceUpdateOptions) (client.ServiceUpdateResult, error) {
	result, err := c.Client.ServiceUpdate(ctx, id, options)
	return result, told(ctx, err)
}

// NodeUpdate updates a node by its version.
func (c *Client) NodeUpdate(ctx context.Context, id string, options client.NodeUpdateOptions) (client.NodeUpdateResult, error) {
	result, err := c.Client.NodeUpdate(ctx, id, options)
	return result, told(ctx, err)
}

// ConfigUpdate updates a config by its version.
func (c *Client) ConfigUpdate(ctx context.Context, id string, options client.ConfigUpdateOptions) (client.ConfigUpdateResult, error) {
	result, err := c.Client.ConfigUpdate(ctx, id, options)
	return result, told(ctx, err)
}

// SecretUpdate updates a secret by its version.
func (c *Client) SecretUpdate(ctx context.Context, id string, options client.SecretUpdateOptions) (client.SecretUpdateResult, error) {
	result, err := c.Client.SecretUpdate(ctx, id, options)
	return result, told(ctx, err)
}
