package stream

// Sync returns when all that was asked of the stream has been carried out.
func (s *Stream) Sync() {
	done := make(chan struct{})
	s.do(func() { close(done) })
	<-done
}

// Apart reports whether the stream lives on another worker than o.
func (s *Stream) Apart(o *Stream) bool { return s.worker() != o.worker() }

// On has f run on the stream's worker.
func (s *Stream) On(f func()) { s.do(f) }
