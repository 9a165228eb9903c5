package sipua

import (
	"errors"
	"net/netip"

	"tandem/media"
	"tandem/media/offer"
	"tandem/media/ports"
	"tandem/media/stream"
)

// Engine makes an Opener of the media engine's own.
func Engine(o *stream.Opener) Opener { return engineOpener{o} }

type engineOpener struct{ o *stream.Opener }

// Open opens a stream of the engine's, at our address the party signals to, if the engine has that.
func (e engineOpener) Open(beside Stream, local, signalling netip.Addr) (Stream, error) {
	opt := stream.Options{Local: local, Signalling: signalling}
	if b, ok := beside.(engineStream); ok {
		opt.Beside = b.Stream
	}
	st, err := e.o.Open(opt)
	if err != nil && local.IsValid() && !errors.Is(err, ports.ErrExhausted) {
		opt.Local = netip.Addr{} // media has addresses of its own
		st, err = e.o.Open(opt)
	}
	if err != nil {
		return nil, err
	}
	return engineStream{st}, nil
}

// engineStream is a stream of the engine's as a leg uses it.
type engineStream struct{ *stream.Stream }

// Bridge joins the stream with another of the engine's.
func (s engineStream) Bridge(peer media.Stream) error {
	if p, ok := peer.(engineStream); ok {
		return s.Stream.Bridge(p.Stream)
	}
	return s.Stream.Bridge(peer)
}

// Agree applies an agreement.
func (s engineStream) Agree(a offer.Agreed, signalling netip.Addr, early bool) {
	s.Apply(stream.Params{
		Remote: a.Remote, RemoteRTCP: a.RemoteRTCP, Mux: a.Mux, Private: a.Private, Signalling: signalling,
		Formats: a.Formats, Direction: a.Direction, Ptime: a.Ptime, Early: early,
	})
}

// Watch is Notify.
func (s engineStream) Watch(f func(stream.Event)) { s.Notify(f) }
