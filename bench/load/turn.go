package load

import (
	"bufio"
	"context"
	"errors"
	"syscall"
	"time"
	"unsafe"

	"bailiwick/internal/clock"
)

// Questions are what is asked over some connections.
type Questions struct {
	Addr        string
	Connections int
	// Ask appends the i-th request of a connection to memory that is used again; Read reads the answer to it.
	Ask  func(to []byte, conn, i int) []byte
	Read func(in *bufio.Reader, conn, i int) error
}

// Turn asks for a while, over each connection one request after another, and returns the requests answered in a second. One thread
// waits for all connections at once: what asking costs is lacking to the servers, and more so to the faster one.
func Turn(ctx context.Context, lasts time.Duration, q Questions) (rate float64, err error) {
	p, err := open(ctx, q)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	next := make([]int, q.Connections) // which request each connection waits for
	var text []byte
	took := clock.Stopwatch()
	for c := range p.all {
		text = q.Ask(text[:0], c, 0)
		if err := p.all[c].Send(text); err != nil {
			return 0, err
		}
	}
	n := 0
	for took() < lasts {
		ready, err := p.wait()
		if err != nil {
			return 0, err
		}
		for _, e := range ready {
			c := int(e.Fd)
			if err := q.Read(p.all[c].In, c, next[c]); err != nil {
				return 0, err
			}
			n++
			next[c]++
			text = q.Ask(text[:0], c, next[c])
			if err := p.all[c].Send(text); err != nil {
				return 0, err
			}
		}
	}
	return float64(n) / took().Seconds(), nil
}

// pool waits for the answers of many connections.
type pool struct {
	epoll  int
	all    []*Conn
	events []syscall.EpollEvent
}

func open(ctx context.Context, q Questions) (*pool, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &pool{epoll: epoll, events: make([]syscall.EpollEvent, q.Connections)}
	for i := range q.Connections {
		c, err := Dial(ctx, q.Addr)
		if err == nil {
			p.all = append(p.all, c)
			err = syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, c.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(i)})
		}
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

// wait returns the connections, by their number, on which an answer has begun to come.
func (p *pool) wait() ([]syscall.EpollEvent, error) {
	const forever = ^uintptr(0)
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), forever, 0, 0)
	switch errno {
	case 0:
		return p.events[:n], nil
	case syscall.EINTR:
		return nil, nil
	}
	return nil, errno
}

func (p *pool) close() error {
	err := syscall.Close(p.epoll)
	for _, c := range p.all {
		err = errors.Join(err, c.Close())
	}
	return err
}
