package quota

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bailiwick/internal/ids"
)

// written makes a chunk of two reserves, of which one was counted in a counter itself, and of a message without a key.
func written(t testing.TB) chunk {
	t.Helper()
	now := noon
	leaf := &lease{id: "lse_leaf", counted: counted{"acc_1", Email}, Charge: Charge{Minute: 7, Day: 2, Month: 1}}
	top := &lease{id: "lse_top", counted: counted{"acc_0", Email}, Charge: Charge{Minute: 8, Day: 2, Month: -1}}
	w := writing{serial: 1, at: map[string]int{}}
	p := &path{}
	first := Reserve{Account: "acc_1", Channel: Email, Units: 3, Deadline: now.Add(time.Minute)}
	w.add(p, &first, "key_a", token{1, 2}, token{3}, now)
	w.layers(2)
	w.leased(w.spend(leaf, 3))
	w.leased(w.spend(top, 3))
	second := Reserve{Account: "acc_1", Channel: SMS, Units: MostUnits, Deadline: now.Add(time.Hour)}
	w.add(p, &second, "key_b", token{4}, token{5}, now)
	w.layers(2)
	w.charged("sub_1", Charge{Minute: 9, Day: 3, Month: 0}, 5)
	w.leased(w.spend(top, MostUnits))
	w.spend(top, 1)
	return w.finish(chunk{seq: 4, id: ids.NewReserves(now), at: now.UnixMilli()})
}

func TestWhatIsWrittenIntoAChunkIsReadFromIt(t *testing.T) {
	c := written(t)
	got, err := c.promises(func(int, token) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	leaf, top := paid{Charge{7, 2, 1}, "acc_1", "lse_leaf", 0}, paid{Charge{8, 2, -1}, "acc_0", "lse_top", 0}
	want := map[int]promise{
		0: {Reserve{c.id.Nth(0), "acc_1", Email, 3, Held, noon.Add(time.Minute)}, "key_a", token{1, 2}, token{3}, []paid{leaf, top}},
		1: {Reserve{c.id.Nth(1), "acc_1", SMS, MostUnits, Held, noon.Add(time.Hour)}, "key_b", token{4}, token{5}, []paid{{Charge{9, 3, 0}, "sub_1", "", 5}, top}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(promise{}, paid{})); diff != "" {
		t.Error(diff)
	}
	sums, err := spendings(c.leases)
	if diff := cmp.Diff([]spending{{leaf, 3}, {top, MostUnits + 4}}, sums, cmp.AllowUnexported(spending{}, paid{})); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if of, n, ok := c.id.Nth(513).Among(); of != c.id || n != 513 || !ok {
		t.Error("the id of a reserve does not lead to its chunk")
	}
	for _, id := range []ids.Reserve{"", "rsv_", "rsv_none", "acc_" + c.id.Nth(0)[4:], c.id.Nth(0) + "0", c.id.Nth(0)[:29] + "z", c.id.Nth(0)[:29] + "U"} {
		if _, _, ok := id.Among(); ok {
			t.Errorf("%s was taken for a reserve", id)
		}
	}
}

func FuzzADamagedChunkIsRefused(f *testing.F) {
	c := written(f)
	f.Add(c.leases, c.body)
	f.Add([]byte{chunkForm, 0}, []byte{0, 0})
	f.Add([]byte{chunkForm, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, c.body)
	f.Fuzz(func(t *testing.T, leases, body []byte) {
		c := chunk{leases: leases, body: body}
		all, err := c.promises(func(int, token) bool { return true })
		if err != nil && len(all) > 0 {
			t.Error("part of a damaged chunk was read")
		}
	})
}

func TestKeysAreFoundInTheChunksThatTheyStandIn(t *testing.T) {
	var s keySet
	const many = 300_000
	print := func(i int) uint64 { return uint64(i) * 0x9e3779b97f4a7c15 }
	for i := range many {
		s.add(print(i), int64(10+i/100))
	}
	passed := 0 // the filter, in vain
	for i := range many {
		if got := s.find(print(i), nil); len(got) != 1 || got[0] != int64(10+i/100) {
			t.Errorf("key %d stands in %v", i, got)
		}
		if got := s.find(print(many+i), nil); got != nil {
			t.Errorf("key %d, which was never used, stands in %v", many+i, got)
		}
		if !s.parts[0].lacks(print(many + i)) {
			passed++
		}
	}
	if passed > many/20 {
		t.Errorf("%d of %d keys that were never used had to be looked for", passed, many)
	}
	s.add(print(5), 1<<33) // the same print, much later
	s.add(0, 1<<33)
	s.add(0, 1<<33+1)
	if got := fmt.Sprint(s.find(print(5), nil), s.find(0, nil)); got != fmt.Sprint([]int64{10, 1 << 33}, []int64{10, 1 << 33, 1<<33 + 1}) {
		t.Error(got)
	}
	s.forget(1<<33 - 1)
	if got := fmt.Sprint(s.find(print(5), nil), s.find(print(6), nil)); got != fmt.Sprint([]int64{1 << 33}, []int64(nil)) {
		t.Error(got)
	}
}
