package archtest

// The exceptions to the rules of shapes_test.go, each with its reason. Names are package.Type.Function.

// withoutActor are exported Service methods that take no actor.
var withoutActor = map[string]string{}

// unscoped are functions that run SQL without an authz.Scope.
var unscoped = map[string]string{}

// batchCallers write traffic and state, outside the serializable transactions of op.Write.
var batchCallers = map[string]string{
	"mail.Capture.Send":   "a captured mail is traffic, and its job may run twice",
	"mail.Capture.Forget": "retention of traffic",
}

// batchPackages are made of nothing but traffic and state.
var batchPackages = map[string]string{
	"jobs": "claims, leases and completions of jobs must not wait for each other",
}

// inTxCallers open a serializable transaction themselves.
var inTxCallers = map[string]string{}
