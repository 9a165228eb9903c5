package call

import "context"

// Handler is a dial plan: straight-line blocking code that runs a call through
// its capabilities. It is to a Call what an http.Handler is to a request.
//
// The context ends with a cause: ErrHangup (the party has gone), ErrReplaced
// (a new plan takes over), ErrShutdown. When ServeCall returns and the call is
// still up, it is hung up; when it returns a *Refusal and the call is not
// answered, the party gets that answer.
type Handler interface {
	ServeCall(ctx context.Context, c *Call) error
}

// HandlerFunc makes a Handler of a function.
type HandlerFunc func(ctx context.Context, c *Call) error

// ServeCall calls f.
func (f HandlerFunc) ServeCall(ctx context.Context, c *Call) error { return f(ctx, c) }
