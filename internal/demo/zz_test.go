package demo_test
import ("testing";"sort";"bailiwick/internal/apptest";"bailiwick/internal/db/dbtest";"bailiwick/internal/db";"bailiwick/internal/demo";"bailiwick/internal/secret")
func TestZZ(t *testing.T){
 w := apptest.Bare(t, dbtest.SQLiteDSN(t))
 var wa db.Watch
 _, err := demo.Load(wa.Watched(t.Context()), demo.Options{App: w.App, Clock: w.Clock, Now: apptest.Start, Hasher: secret.NewHasher(secret.CheapParams), Password: secret.Wrap(apptest.Password)})
 if err!=nil {t.Fatal(err)}
 m:=map[string]int{}
 for _,q:=range wa.Statements(){ if len(q)>130{q=q[:130]}; m[q]++ }
 type kv struct{k string;n int}
 var l []kv; tot:=0
 for k,n:=range m{l=append(l,kv{k,n});tot+=n}
 sort.Slice(l,func(i,j int)bool{return l[i].n>l[j].n})
 t.Log(tot)
 for _,x:=range l[:min(40,len(l))]{t.Logf("%6d %q",x.n,x.k)}
}
