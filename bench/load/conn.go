package load

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
	"unsafe"
)

// Conn is a connection that blocks.
type Conn struct {
	In   *bufio.Reader
	file *os.File
	fd   int
}

// Dial connects to a program.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
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
	c := &Conn{file: f, fd: int(f.Fd())} // which makes it block
	c.In = bufio.NewReaderSize(c, 64<<10)
	return c, nil
}

// Read reads what has come, or waits for it.
func (c *Conn) Read(p []byte) (int, error) {
	for {
		n, err := raw(syscall.SYS_READ, c.fd, p)
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

// Send sends all of b.
func (c *Conn) Send(b []byte) error {
	for len(b) > 0 {
		n, err := raw(syscall.SYS_WRITE, c.fd, b)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

// raw reads or writes without telling the scheduler that it may take a while: nothing else is to run meanwhile, and to be told
// costs more than what is asked here.
func raw(call uintptr, fd int, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.file.Close() }

// Answers reads answers over HTTP, whose body lasts until the next is read.
type Answers struct{ body bytes.Buffer }

// Next reads the next answer, which must be of status 200.
func (a *Answers) Next(in *bufio.Reader) ([]byte, error) {
	status, length, err := head(in)
	if err != nil {
		return nil, err
	}
	a.body.Reset()
	if length >= 0 {
		_, err = io.CopyN(&a.body, in, length)
	} else {
		_, err = a.body.ReadFrom(httputil.NewChunkedReader(in))
		if err == nil {
			_, err = in.Discard(len("\r\n")) // there are no trailers
		}
	}
	if err == nil && status != "200" {
		err = fmt.Errorf("status %s: %.300s", status, a.body.Bytes())
	}
	return a.body.Bytes(), err
}

// head reads status line and fields; length is -1 for a body in chunks.
func head(in *bufio.Reader) (status string, length int64, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
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
