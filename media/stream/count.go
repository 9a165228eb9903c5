package stream

import "tandem/media"

// Count has f called with a snapshot of the counters, on the worker, so f must not block; for who cannot wait as Stats does.
// A stream that is closed says nothing.
func (s *Stream) Count(f func(media.Stats)) {
	if s.final.Load() == nil {
		s.do(func() { f(s.stats()) })
	}
}
