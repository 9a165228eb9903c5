package route

import (
	"context"

	"tandem/switch/call"
)

// Echo answers and sends the caller's audio back until it hangs up.
var Echo call.Handler = call.HandlerFunc(func(ctx context.Context, c *call.Call) error {
	if err := c.Answer(ctx); err != nil {
		return err
	}
	return c.Echo(ctx)
})
