package quota

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"bailiwick/internal/clock"
	"bailiwick/internal/ids"
)

// asked and answered are one operation on a limit, seen from outside.
type asked struct {
	release bool
	n       int64
}

type answered struct{ yes bool }

// counter is a limit as one thread alone would see it. Where nodes hold leases, they may say no while others hold units.
func counterModel(limit int64, leases bool) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return int64(0) },
		Step: func(state, input, output any) (bool, any) {
			used, in, out := state.(int64), input.(asked), output.(answered)
			switch {
			case in.release:
				return out.yes && used >= in.n, used - in.n
			case out.yes:
				return used+in.n <= limit, used + in.n
			}
			return leases || used+in.n > limit, used
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprint(input, output) },
	}
}

func TestQUO03ReserveAndReleaseAreLinearizableOnSeveralNodes(t *testing.T) {
	for _, c := range []struct {
		leases  bool
		credits int64 // of the limit
	}{{false, 0}, {true, 0}, {false, 25}, {true, 25}} {
		leases := c.leases
		t.Run(fmt.Sprintf("leases %t, %d in credits", leases, c.credits), func(t *testing.T) {
			eachTown(t, func(w *town) {
				const limit = 40
				w.limit(string(w.one), Month, Limit{Amount: limit - c.credits})
				if c.credits > 0 {
					w.credit("crd_soon", w.one, c.credits/2, noon.Add(time.Hour).Truncate(time.Minute))
					w.credit("crd_late", w.one, c.credits-c.credits/2, noon.Add(2*time.Hour).Truncate(time.Minute))
				}
				nodes := []*Engine{w.node(leases), w.node(leases), w.node(leases)}
				took := clock.Stopwatch()
				var mu sync.Mutex
				var history []porcupine.Operation
				var wg sync.WaitGroup
				for client := range 6 {
					wg.Go(func() {
						e, random := nodes[client%len(nodes)], rand.New(rand.NewPCG(uint64(client), 1))
						var held []ids.Reserve
						var units []int64
						for i := range 15 {
							in, began := asked{n: random.Int64N(4) + 1}, took()
							var out answered
							if len(held) > 0 && random.IntN(3) == 0 {
								in = asked{true, units[0]}
								failed, err := e.Settle(t.Context(), "key_test", held[:1], true)
								out.yes = err == nil && failed[held[0]] == nil
								held, units = held[1:], units[1:]
							} else {
								got, err := e.Reserve(t.Context(), w.from(w.one), Mark{"key_test", fmt.Sprint(client, "/", i)}, in.n, 0)
								if err != nil {
									t.Error(err)
									return
								}
								if out.yes = got.Refused == nil; out.yes {
									held, units = append(held, got.Reserve.ID), append(units, in.n)
								}
							}
							mu.Lock()
							history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: int64(began), Output: out, Return: int64(took())})
							mu.Unlock()
						}
					})
				}
				wg.Wait()
				if got := porcupine.CheckOperationsTimeout(counterModel(limit, leases), history, time.Minute); got == porcupine.Illegal {
					t.Errorf("no order of %d operations explains their answers", len(history))
				}
			})
		})
	}
}
