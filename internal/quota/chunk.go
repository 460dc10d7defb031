package quota

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"bailiwick/internal/ids"
)

// token is the hash of a credential and its key.
type token [16]byte

// print is the part of a token that is kept in memory.
func (t token) print() uint64 { return binary.BigEndian.Uint64(t[:]) }

// promise is a reserve as it stands in a chunk.
type promise struct {
	Reserve
	credential string
	token      token
	hash       token // of what was asked for
	charges    []paid
}

// paid is where one layer counted a reserve.
type paid struct {
	Charge
	subject string
	lease   ids.Lease // "" when the counter was charged itself
	over    int64
}

// spending is what was spent from a lease.
type spending struct {
	paid
	units int64
}

// chunkForm is the first byte of what chunks hold.
const chunkForm = 1

// writing is a chunk that is being written.
type writing struct {
	serial  uint64 // tells it from all others that its node writes
	names   []string
	leases  []*lease
	spent   []int64
	at      map[string]int
	keys    []byte
	entries []byte
	count   int
}

// name is the number of a text in the chunk.
func (w *writing) name(s string) uint64 {
	i, ok := w.at[s]
	if !ok {
		i = len(w.names)
		w.at[s] = i
		w.names = append(w.names, s)
	}
	return uint64(i)
}

// spend counts units of a lease, and returns its number in the chunk.
func (w *writing) spend(l *lease, units int64) uint64 {
	if l.writing != w.serial {
		l.writing, l.place = w.serial, len(w.leases)
		w.leases, w.spent = append(w.leases, l), append(w.spent, 0)
	}
	w.spent[l.place] += units
	return uint64(l.place) //nolint:gosec // an index
}

// add writes a reserve. layers are where it was counted: of a lease its number and one, or 0 and the rest.
func (w *writing) add(p *path, r *Reserve, credential string, key, hash token, made time.Time) {
	w.keys = append(w.keys, key[:8]...)
	e := append(append(w.entries, key[:]...), hash[:]...)
	if p.writing != w.serial {
		p.writing, p.place = w.serial, w.name(string(r.Account))
	}
	e = binary.AppendUvarint(e, p.place)
	e = binary.AppendUvarint(e, w.name(credential))
	e = binary.AppendUvarint(e, uint64(slices.Index(Channels(), r.Channel))) //nolint:gosec // it is one of them
	e = binary.AppendVarint(e, r.Units)
	w.entries = binary.AppendVarint(e, r.Deadline.Sub(made).Milliseconds())
	w.count++
}

func (w *writing) layers(n int) { w.entries = binary.AppendUvarint(w.entries, uint64(n)) } //nolint:gosec // a few

func (w *writing) leased(number uint64) { w.entries = binary.AppendUvarint(w.entries, number+1) }

func (w *writing) charged(subject string, c Charge, over int64) {
	e := binary.AppendUvarint(append(w.entries, 0), w.name(subject))
	for _, n := range []int64{c.Minute, c.Day, c.Month, over} {
		e = binary.AppendVarint(e, n)
	}
	w.entries = e
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// chunk is a row of the log.
type chunk struct {
	seq    int64
	id     ids.Reserves
	at     int64
	ended  []ids.Lease
	leases []byte
	keys   []byte
	body   []byte
}

// usualSpending is as many bytes as a lease and what was spent of it take, or a few less.
const usualSpending = 96

// finish makes the row of the log.
func (w *writing) finish(c chunk) chunk {
	b := binary.AppendUvarint(append(make([]byte, 0, usualSpending*len(w.leases)+16), chunkForm), uint64(len(w.leases)))
	for i, l := range w.leases {
		b = appendText(appendText(b, string(l.id)), l.subject)
		for _, n := range []int64{l.Minute, l.Day, l.Month, w.spent[i]} {
			b = binary.AppendVarint(b, n)
		}
	}
	c.leases, c.keys = b, w.keys
	b = binary.AppendUvarint(make([]byte, 0, len(w.entries)+32*len(w.names)+16), uint64(len(w.names)))
	for _, s := range w.names {
		b = appendText(b, s)
	}
	c.body = append(append(b, binary.AppendUvarint(nil, uint64(w.count))...), w.entries...) //nolint:gosec // a count
	return c
}

var errChunk = errors.New("a chunk of the quota log is damaged")

// reading reads what was written. After something that cannot be, everything is empty.
type reading struct {
	rest []byte
	bad  bool
}

func (r *reading) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reading) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.take(uint64(max(size, 0)))
	r.bad = r.bad || size <= 0
	return n
}

func (r *reading) varint() int64 {
	n, size := binary.Varint(r.rest)
	r.take(uint64(max(size, 0)))
	r.bad = r.bad || size <= 0
	return n
}

func (r *reading) text() string { return string(r.take(r.uvarint())) }

func (r *reading) token() (t token) {
	copy(t[:], r.take(uint64(len(t))))
	return t
}

func (r *reading) charge() Charge {
	return Charge{Minute: r.varint(), Day: r.varint(), Month: r.varint()}
}

// count is a number of things of which each takes a byte at least.
func (r *reading) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return 0
	}
	return int(n) //nolint:gosec // no more than bytes
}

// spendings reads what was spent of leases.
func spendings(b []byte) (out []spending, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	r := reading{rest: b}
	if form := r.take(1); r.bad || form[0] != chunkForm {
		return nil, errChunk
	}
	n := r.count()
	out = make([]spending, 0, n)
	for range n {
		s := spending{paid: paid{lease: ids.Lease(r.text()), subject: r.text()}}
		s.Charge, s.units = r.charge(), r.varint()
		out = append(out, s)
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errChunk
	}
	return out, nil
}

// promises reads the reserves of a chunk that are wanted.
func (c *chunk) promises(wanted func(n int, t token) bool) (out map[int]promise, err error) {
	leases, err := spendings(c.leases)
	if err != nil {
		return nil, err
	}
	out = map[int]promise{}
	r := reading{rest: c.body}
	if len(r.rest) == 0 {
		return out, nil
	}
	names := make([]string, r.count())
	for i := range names {
		names[i] = r.text()
	}
	for i := range r.count() {
		p := r.promise(names, leases)
		if r.bad {
			break
		}
		if wanted(i, p.token) {
			p.ID, p.Deadline = c.id.Nth(uint16(i)), p.Deadline.Add(time.Duration(c.at)*time.Millisecond)
			out[i] = p
		}
	}
	if r.bad || len(r.rest) > 0 {
		return nil, errChunk
	}
	return out, nil
}

// promise reads one; its deadline counts from 1970.
func (r *reading) promise(names []string, leases []spending) (p promise) {
	name := func() string {
		i := r.uvarint()
		if i >= uint64(len(names)) {
			r.bad = true
			return ""
		}
		return names[i]
	}
	p.token, p.hash = r.token(), r.token()
	p.Account, p.credential, p.State = ids.Account(name()), name(), Held
	if i := r.uvarint(); i < uint64(len(Channels())) {
		p.Channel = Channels()[i]
	} else {
		r.bad = true
	}
	p.Units, p.Deadline = r.varint(), time.UnixMilli(r.varint()).UTC()
	for range r.count() {
		switch i := r.uvarint(); {
		case i > uint64(len(leases)):
			r.bad = true
		case i > 0:
			p.charges = append(p.charges, leases[i-1].paid)
		default:
			c := paid{subject: name()}
			c.Charge, c.over = r.charge(), r.varint()
			p.charges = append(p.charges, c)
		}
	}
	return p
}
