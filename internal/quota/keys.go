package quota

// keySet knows in which chunks keys may stand, by 8 bytes of their hash. It takes 13 bytes for each, and a third more. Whoever finds
// one looks into the chunk: another key may have the same print.
type keySet struct {
	parts []*keyPart // the newest last
}

// keyPart is a table of prints with the chunks that they stand in. A slot without a chunk is empty.
type keyPart struct {
	first  int64 // the chunk before the first; the others are told as distances from it
	newest int64
	prints []uint64
	chunks []uint32
	filter []uint64 // tells of most prints that are not there that they are not, and stays near the processor
	used   int
}

const (
	smallestPart = 1 << 10
	largestPart  = 1 << 20
	slotsPerWord = 8 // of the filter
)

func newKeyPart(slots int, first int64) *keyPart {
	return &keyPart{first: first, newest: first, prints: make([]uint64, slots), chunks: make([]uint32, slots), filter: make([]uint64, slots/slotsPerWord)}
}

// sign is the word of the filter that a print belongs to, and the four bits that it sets there: it is a Bloom filter in which each
// print looks at one word. They are other bits of the print than those that choose its slot.
func (p *keyPart) sign(print uint64) (word *uint64, bits uint64) {
	word = &p.filter[print>>20%uint64(len(p.filter))]
	return word, 1<<(print>>40&63) | 1<<(print>>46&63) | 1<<(print>>52&63) | 1<<(print>>58)
}

// lacks reports whether a print is certainly not there.
func (p *keyPart) lacks(print uint64) bool {
	word, bits := p.sign(print)
	return *word&bits != bits
}

// full reports whether another print would make looking slow, or could not be told.
func (p *keyPart) full(chunk int64) bool {
	return p.used >= len(p.prints)/4*3 || chunk-p.first > 1<<32-1
}

func (p *keyPart) put(print uint64, chunk int64) {
	at := int(print % uint64(len(p.prints))) //nolint:gosec // less than a length
	for p.chunks[at] != 0 {
		at = (at + 1) % len(p.prints)
	}
	p.prints[at], p.chunks[at] = print, uint32(chunk-p.first) //nolint:gosec // see full
	word, bits := p.sign(print)
	*word |= bits
	p.used, p.newest = p.used+1, max(p.newest, chunk)
}

// add remembers that a key stands in a chunk, which is not older than those before.
func (s *keySet) add(print uint64, chunk int64) {
	if len(s.parts) == 0 {
		s.parts = append(s.parts, newKeyPart(smallestPart, chunk-1))
	}
	p := s.parts[len(s.parts)-1]
	if p.full(chunk) {
		switch {
		case len(p.prints) < largestPart && chunk-p.first < 1<<31:
			p = p.larger()
			s.parts[len(s.parts)-1] = p
		default:
			p = newKeyPart(smallestPart, chunk-1)
			s.parts = append(s.parts, p)
		}
	}
	p.put(print, chunk)
}

func (p *keyPart) larger() *keyPart {
	out := newKeyPart(4*len(p.prints), p.first)
	for i, c := range p.chunks {
		if c != 0 {
			out.put(p.prints[i], p.first+int64(c))
		}
	}
	return out
}

// find appends the chunks that a key may stand in.
func (s *keySet) find(print uint64, to []int64) []int64 {
	for _, p := range s.parts {
		if p.lacks(print) {
			continue
		}
		for at := int(print % uint64(len(p.prints))); p.chunks[at] != 0; at = (at + 1) % len(p.prints) { //nolint:gosec // less than a length
			if p.prints[at] == print {
				to = append(to, p.first+int64(p.chunks[at]))
			}
		}
	}
	return to
}

// forget lets go of the keys of chunks up to one, as far as they stand together.
func (s *keySet) forget(upTo int64) {
	for len(s.parts) > 1 && s.parts[0].newest <= upTo {
		s.parts = s.parts[1:]
	}
}

func (s *keySet) size() (n int) {
	for _, p := range s.parts {
		n += p.used
	}
	return n
}
