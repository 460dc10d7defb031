package secret

import "fmt"

// Stored is a sealed value in the database: where it lies, and what it was sealed for.
type Stored struct {
	ID      string
	Part    int64 // the number of the part, where a value has several
	Purpose Purpose
	Subject string
	Sealed  []byte
}

// Anew seals what a stored value holds with the key that seals now.
func (b *Box) Anew(v Stored) ([]byte, error) {
	plain, err := b.Open(v.Purpose, v.Subject, v.Sealed)
	if err != nil {
		return nil, err
	}
	return b.Seal(v.Purpose, v.Subject, plain), nil
}

// Count is how many there are of a key.
type Count struct {
	Key KeyID
	N   int
}

// ScanCount reads a row of a key's id and a number.
func ScanCount[R interface{ Scan(dest ...any) error }](r R) (c Count, err error) {
	err = r.Scan(&c.Key, &c.N)
	return c, err
}

// Scan takes the id as it stands in sealed values. What is cut short is the id of no key.
func (id *KeyID) Scan(from any) error {
	raw, ok := from.([]byte)
	if !ok {
		return fmt.Errorf("read the id of a key: it is a %T", from)
	}
	*id = KeyID{}
	copy(id[:], raw)
	return nil
}
