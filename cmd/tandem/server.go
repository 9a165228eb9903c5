package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// server is one listener of the API.
type server struct {
	http.Server
	listener net.Listener
}

// listen opens the API's listeners, so that an address in use is an error before calls come.
func listen(ctx context.Context, addrs []netip.AddrPort, handler http.Handler, log *slog.Logger) ([]*server, error) {
	var all []*server
	for _, a := range addrs {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", a.String())
		if err != nil {
			return nil, fmt.Errorf("http.listen: %w", err)
		}
		s := &server{listener: l}
		s.Handler, s.ReadHeaderTimeout, s.IdleTimeout = handler, 10*time.Second, 2*time.Minute
		s.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
		all = append(all, s)
	}
	return all, nil
}

// serve answers until ctx ends, and lets requests under way finish.
func (s *server) serve(ctx context.Context) error {
	stopped := make(chan error, 1)
	end := context.AfterFunc(ctx, func() {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		stopped <- s.Shutdown(bounded)
	})
	if err := s.Serve(s.listener); end() || !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

func (s *server) base() string { return "http://" + s.listener.Addr().String() }
