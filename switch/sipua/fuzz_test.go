package sipua_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/switch/call"
	"tandem/switch/sipua"
	"tandem/switch/transport"
)

// FuzzReceive hands a stranger's bytes to a user agent that has a call up: nothing may panic.
func FuzzReceive(f *testing.F) {
	layer := transport.New(transport.Config{Listen: []transport.Listen{{Network: transport.UDP, Addr: netip.MustParseAddrPort("127.0.0.1:0")}}},
		1, nobody{}, slog.New(slog.DiscardHandler), nil)
	if err := layer.Open(); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(layer.Close)
	cfg := sipua.Default()
	cfg.Shards = 1
	cfg.Allow = []sipua.Allowed{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}}
	registry := prometheus.NewRegistry()
	accepted := make(chan call.Leg, 1)
	ua := sipua.New(cfg, sipua.Deps{Layer: layer, Media: quietMedia{}, Registerer: registry, Log: slog.New(slog.DiscardHandler), Accept: func(l call.Leg) {
		select {
		case accepted <- l:
		default:
			l.Hangup(call.CauseNormal)
		}
	}})
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = ua.Serve(ctx)
	}()
	f.Cleanup(func() {
		cancel()
		<-served
	})
	flow, err := layer.Connect(transport.UDP, layer.Addrs()[0].Addr, netip.MustParseAddrPort("127.0.0.1:9"))
	if err != nil {
		f.Fatal(err)
	}
	head := "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: x\r\nContact: <sip:a@b>\r\nMax-Forwards: 7\r\n"
	for _, method := range []string{"INVITE", "CANCEL", "OPTIONS", "BYE", "REGISTER", "INFO", "UPDATE", "ACK"} {
		f.Add([]byte(method + " sip:c@d SIP/2.0\r\n" + head + "CSeq: 1 " + method + "\r\nContent-Length: 0\r\n\r\n"))
	}
	f.Add([]byte("SIP/2.0 200 OK\r\n" + head + "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, _ := transport.Index(append([]byte(nil), raw...))
		if m.CallID == "" {
			return
		}
		m.Flow = flow
		ua.Receive(0, []transport.Message{m})
		out, err := ua.Invite(t.Context(), call.Outgoing{To: "sip:x@127.0.0.1:9"})
		if err != nil {
			t.Fatal(err)
		}
		out.Hangup(call.CauseNormal)
		_ = out.Info(t.Context(), "", nil) // comes back when the shard has handled all before
		select {
		case l := <-accepted:
			_ = l.Progress(t.Context(), nil)
			l.Hangup(call.CauseNormal)
		default:
		}
		families, _ := registry.Gather()
		for _, family := range families {
			if family.GetName() == "tandem_sip_panics_total" && family.GetMetric()[0].GetCounter().GetValue() != 0 {
				t.Fatalf("panic at %q", raw)
			}
		}
	})
}
