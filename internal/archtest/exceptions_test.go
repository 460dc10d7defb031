package archtest

// The exceptions to the rules of shapes_test.go, each with its reason. Names are package.Type.Function.

// withoutActor are exported Service methods that take no actor.
var withoutActor = map[string]string{}

// actorMakers are packages whose services run before there is an actor, or make one.
var actorMakers = map[string]string{
	"authn": "turns a password, a code or a session into an actor",
}

// unscoped are functions that run SQL without an authz.Scope.
var unscoped = map[string]string{}

// unscopedPackages reach no account's rows, only those of one identity, by its id or by a secret it presents.
var unscopedPackages = map[string]string{
	"authn":   "runs before there is an actor: attempts, sessions, second factors of one identity",
	"onetime": "the token is the authority: links of one identity",
}

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
