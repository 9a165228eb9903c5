package transport

import (
	"errors"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// send writes b or queues it, whole. It never blocks.
func (c *conn) send(b []byte, _ netip.AddrPort) error {
	err := c.write(b)
	switch {
	case err == nil:
		c.traffic.out(len(b))
	case errors.Is(err, ErrFull):
		c.traffic.drop(dropFull)
	default:
		c.traffic.drop(dropClosed)
	}
	return err
}

func (c *conn) write(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return ErrClosed
	case len(c.queue)+len(b) > c.layer.cfg.WriteQueue:
		return ErrFull
	case c.nc == nil || c.writing || c.raw == nil:
		c.queue = append(c.queue, b...)
		c.startWriter()
		return nil
	}
	n, err := c.direct.do(c, b)
	if err != nil {
		c.failLocked(err)
		return ErrClosed
	}
	if n < len(b) {
		c.queue = append(c.queue, b[n:]...)
		c.startWriter()
	}
	return nil
}

// startWriter runs a writer if there is something to write and somewhere to write it to. Serve is still waiting for the
// connection's reader then, so it waits for the writer too.
func (c *conn) startWriter() {
	if len(c.queue) > 0 && !c.writing && c.nc != nil && c.err == nil {
		c.writing = true
		c.layer.wg.Go(c.writer)
	}
}

// writer writes the queue until it is empty. A peer that takes nothing for the write deadline loses the connection.
func (c *conn) writer() {
	var chunk []byte
	for {
		c.mu.Lock()
		if len(c.queue) == 0 || c.err != nil {
			c.writing, c.queue = false, nil
			_ = c.nc.SetWriteDeadline(time.Time{})
			c.mu.Unlock()
			return
		}
		chunk, c.queue = c.queue, chunk[:0]
		c.mu.Unlock()
		err := c.nc.SetWriteDeadline(time.Now().Add(c.layer.cfg.WriteTimeout))
		if err == nil {
			_, err = c.nc.Write(chunk)
		}
		if err != nil {
			c.fail(err)
		}
	}
}

// directWrite is one non-blocking system call on a connection without a queue. Its fields carry the arguments of a
// closure made once, so that sending allocates nothing. The connection's mutex guards it.
type directWrite struct {
	call  func(fd uintptr) bool
	b     []byte
	n     int
	errno error
}

func (w *directWrite) do(c *conn, b []byte) (int, error) {
	if w.call == nil {
		w.call = w.write
	}
	w.b, w.n, w.errno = b, 0, nil
	err := c.raw.Write(w.call)
	w.b = nil
	if err == nil {
		err = w.errno
	}
	return w.n, err
}

// write always says it is done: what the socket does not take is the writer's.
func (w *directWrite) write(fd uintptr) bool {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(w.b))), uintptr(len(w.b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
		case 0:
			w.n = int(n)
		default:
			w.errno = errno
		}
		return true
	}
}
