package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os"
	"strconv"
	"syscall"
)

// client asks over one kept connection.
type client struct {
	file *os.File
	fd   int
	in   answers
	next int // which request it waits for
}

func dial(ctx context.Context, s service) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.address())
	if err != nil {
		return nil, err
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%T is no connection by TCP", conn), conn.Close())
	}
	f, err := tcp.File()
	if err = errors.Join(err, conn.Close()); err != nil {
		return nil, err
	}
	c := &client{file: f, fd: int(f.Fd())} // which makes it block
	c.in = answers{in: bufio.NewReaderSize(c, 64<<10)}
	return c, nil
}

// Read reads what has come, or waits for it.
func (c *client) Read(p []byte) (int, error) {
	for {
		n, err := syscall.Read(c.fd, p)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.ErrUnexpectedEOF
		default:
			return n, nil
		}
	}
}

func (c *client) send(b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(c.fd, b)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

func (c *client) answer() ([]byte, error) { return c.in.next() }

// pool waits for the answers of many clients.
type pool struct {
	epoll   int
	clients []*client
	events  []syscall.EpollEvent
	ready   []*client
}

func open(ctx context.Context, n int, s service) (*pool, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	p := &pool{epoll: epoll, events: make([]syscall.EpollEvent, n)}
	for i := range n {
		c, err := dial(ctx, s)
		if err == nil {
			p.clients = append(p.clients, c)
			err = syscall.EpollCtl(epoll, syscall.EPOLL_CTL_ADD, c.fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(i)}) //nolint:gosec // a few dozen
		}
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	return p, nil
}

// wait returns the clients whose answer has begun to come.
func (p *pool) wait() ([]*client, error) {
	n, err := syscall.EpollWait(p.epoll, p.events, -1)
	if err != nil && !errors.Is(err, syscall.EINTR) {
		return nil, err
	}
	p.ready = p.ready[:0]
	for _, e := range p.events[:max(n, 0)] {
		p.ready = append(p.ready, p.clients[e.Fd])
	}
	return p.ready, nil
}

func (p *pool) close() error {
	err := syscall.Close(p.epoll)
	for _, c := range p.clients {
		err = errors.Join(err, c.file.Close())
	}
	return err
}

// answers reads answers of a kept connection. It does as little as it can: the processor that the client takes is lacking
// to the server, and more so to the faster one.
type answers struct {
	in   *bufio.Reader
	body bytes.Buffer
}

func (a *answers) next() ([]byte, error) {
	status, length, err := a.head()
	if err != nil {
		return nil, err
	}
	a.body.Reset()
	if length >= 0 {
		_, err = io.CopyN(&a.body, a.in, length)
	} else {
		_, err = a.body.ReadFrom(httputil.NewChunkedReader(a.in))
		if err == nil {
			_, err = a.in.Discard(len("\r\n")) // there are no trailers
		}
	}
	if err == nil && status != "200" {
		err = fmt.Errorf("status %s: %.300s", status, a.body.Bytes())
	}
	return a.body.Bytes(), err
}

// head reads status line and fields; length is -1 for a body in chunks.
func (a *answers) head() (status string, length int64, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := a.in.ReadSlice('\n')
		if err != nil {
			return "", 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch name, value, _ := bytes.Cut(line, []byte(": ")); {
		case first:
			_, rest, _ := bytes.Cut(line, []byte(" "))
			status = string(rest[:min(3, len(rest))])
		case len(line) == 0:
			return status, length, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return "", 0, err
			}
		}
	}
}
