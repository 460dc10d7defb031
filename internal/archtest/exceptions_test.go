package archtest

// The exceptions to the rules of shapes_test.go, each with its reason. Names are package.Type.Function.

// withoutActor are exported Service methods that take no actor.
var withoutActor = map[string]string{
	"brand.Service.Of":                     "stands on the sign-in page and in mails, for everybody to read",
	"brand.Service.Fits":                   "runs inside a write, whose W carries the actor and the scope",
	"brand.Service.Base":                   "where links lead; what an account answers to is public",
	"brand.Service.Under":                  "compares two accounts; nothing of either is told",
	"brand.Service.At":                     "says whose domain a request came to, before there is an actor",
	"brand.Service.MayServe":               "says whether a certificate may be asked for, before there is a request",
	"brand.Service.Show":                   "stands on the sign-in page and in mails, for everybody to see",
	"task.Service.Register":                "lists the workers when the program is built",
	"brand.Service.Named":                  "says to the operator whether the platform was set up",
	"invite.Service.Peek":                  "the link is the authority, and reading it changes nothing",
	"invite.Service.AcceptNew":             "the link is the authority; whoever accepts becomes the actor",
	"apikey.Service.Resolve":               "turns a key into an actor",
	"apikey.Service.OnBehalf":              "turns the key of a task into an actor",
	"invite.Service.InviteIn":              "runs inside a write, whose W carries the actor and the scope",
	"invite.Service.CreateIn":              "runs inside a write, whose W carries the actor and the scope",
	"invite.Service.ImportIn":              "runs inside a write, whose W carries the actor and the scope",
	"exchange.Service.Kinds":               "lists the workers when the program is built",
	"trail.Service.Kinds":                  "lists the workers when the program is built",
	"contact.Service.ImportIn":             "runs inside a write, whose W carries the actor and the scope",
	"contact.Service.ImportSuppressionsIn": "runs inside a write, whose W carries the actor and the scope",
	"contact.Service.UnsubscribeHeaders":   "signs links, and reads nothing",
	"contact.Service.ConfirmLink":          "signs a link, and reads nothing",
	"contact.Service.PreferencesLink":      "signs a link, and reads nothing",
	"contact.Service.Preferences":          "the link is the authority, and reading it changes nothing",
	"contact.Service.ChangePreferences":    "the link is the authority; whoever has it acts as the contact",
	"contact.Service.Unsubscription":       "the link is the authority, and reading it changes nothing",
	"contact.Service.Unsubscribe":          "the link is the authority; whoever has it acts as the contact",
	"contact.Service.StopAll":              "the link is the authority; whoever has it acts as the contact",
	"contact.Service.Resume":               "the link is the authority; whoever has it acts as the contact",
	"contact.Service.Confirmation":         "the link is the authority, and reading it changes nothing",
	"contact.Service.Confirm":              "the link is the authority; whoever has it acts as the contact",
}

// actorMakers are packages whose services run before there is an actor, or make one.
var actorMakers = map[string]string{
	"authn": "turns a password, a code or a session into an actor",
}

// unscoped are functions that run SQL without an authz.Scope.
var unscoped = map[string]string{
	"contact.byLink":        "the link is the authority: one contact, whose code is compared",
	"notice.insert":         "tells an account of what was done there, in the transaction that did it",
	"notice.removeBefore":   "retention, by time alone",
	"invite.byToken":        "the token is the authority: one invitation, by the hash of its link",
	"invite.activeAccount":  "says of the account of one invitation whether it is active",
	"invite.end":            "ends the one invitation that was found by its link",
	"invite.adminsOf":       "whom to tell in the account of one invitation; only mail comes of it",
	"apikey.inForce":        "the key is the authority: one key, by its id, whose hash is compared",
	"plan.ended":            "finds clients with overrides that are over, so that a job can be minted at each",
	"apikey.endings":        "finds keys that end soon, so that a job can be minted at the account of each",
	"apikey.noteUse":        "when and from where one key was used, after it was recognised",
	"user.refreshListed":    "copies a person's own name and address into the lists they stand in",
	"user.insertIdentities": "an identity belongs to no account",
	"user.usernamesTaken":   "a user name is unique in the installation; nothing but that is told",
	"user.Chosen":           "what one person chose in one account, for a mail that goes to them",
	"user.personBy":         "one identity, by its id or its whole address; an identity belongs to no account",
	"user.markVerified":     "one identity, whose mailed link was used",
	"task.take":             "a worker reaches the one task that its job names",
	"task.save":             "a worker reaches the one task that it has taken",
	"task.finish":           "a worker reaches the one task that it has taken",
	"task.removeExpired":    "retention, by time alone",
	"account.keepStill":     "the one account that a move names, whose rights are checked in the write that follows",
	"account.letGo":         "the one account that a move names",
	"account.insertRoot":    "the platform is made when there is nothing yet to be in a scope",
	"account.Root":          "finds the platform, so that a job can be minted there",
	"module.all":            "the operator's modules stand in everybody's navigation and are no secret of an account",
	"module.platform":       "finds the platform, on which the actor is checked next",
	"trail.rootOf":          "finds the platform, whose setting a job applies",
	"quota.lockRows":        "counters by the ids of layers that a checked sender passes",
	"quota.insertRows":      "counters by the ids of layers that a checked sender passes",
	"quota.lockLeases":      "leases of this node, or those that a reserve names",
	"quota.endedLeases":     "what has ended returns, whoever had taken it",
	"quota.insertLeases":    "units of counters that are locked",
	"quota.storeLeases":     "leases that are locked",
	"quota.endLeases":       "leases of this node",
	"quota.deleteLeases":    "leases that have been returned",
	"quota.note":            "counts for layers whose counters are locked",
	"quota.promised":        "reserves by the keys of the credential that asks",
	"quota.insertPromises":  "reserves of the credential that asks",
	"quota.lockPromises":    "reserves of the credential that asks",
	"quota.settlePromises":  "reserves that are locked",
	"quota.forgetPromises":  "retention, by time alone",
	"quota.linksOf":         "the layers of an account on which the sender was checked; what is told of them is cut in Service",
	"quota.subAccountOf":    "one sub-account, which must belong to the account on which the sender was checked",
	"quota.memberOf":        "the membership of the sender's own key",
	"quota.limitsOf":        "limits of layers that a checked sender passes",
	"quota.countersOf":      "counters of layers that a checked sender passes",
	"quota.leasesOf":        "leases of layers that a checked sender passes",
	"usage.lockFolded":      "how far the journal is folded, of everybody alike",
	"usage.setFolded":       "how far the journal is folded, of everybody alike",
	"usage.oldestLease":     "how far the journal may be folded, of everybody alike",
	"usage.journal":         "adds up what was sent, of everybody alike",
	"usage.add":             "adds up what was sent, of everybody alike",
	"usage.forgetHours":     "retention, by time alone",
	"usage.forgetDays":      "retention, by time alone",
	"policy.noteUses":       "when an address of a list was used, after the gate let somebody in by it",
}

// unscopedPackages reach no account's rows, only those of one identity, by its id or by a secret it presents.
var unscopedPackages = map[string]string{
	"authn":   "runs before there is an actor: attempts, sessions, second factors of one identity",
	"brand":   "names, colours and pictures are on the sign-in page and in mails, for everybody to see",
	"file":    "sealed bytes by their id, which only a task of an account knows; retention by time",
	"onetime": "the token is the authority: links of one identity",
}

// batchCallers write traffic and state, outside the serializable transactions of op.Write.
var batchCallers = map[string]string{
	"apikey.Service.Resolve":       "when a key was used last is traffic",
	"account.Service.moveOnServer": "that an account is kept still for a move is state, and ends by itself",
	"audit.trimAccount":            "retention deletes in short chunks, and the checkpoint goes with the rows",
	"audit.Refused":                "a counter of tries, written when a write has been refused",
	"audit.Sealer.SealOnce":        "sealing follows the writes and must not conflict with them",
	"brand.Service.KeepPicture":    "a picture that no brand shows yet is state, and ends by itself",
	"brand.Service.sweep":          "retention of pictures that no brand shows",
	"brand.Service.note":           "when a record was looked for is state; what comes of it is governed",
	"brand.Service.recheck":        "when a record was looked for is state; what comes of it is governed",
	"change.Feed.Sweep":            "forgets old news, which nobody reads",
	"quota.Engine.together":        "the ledger is traffic; it locks its rows itself",
	"quota.Engine.Reap":            "returns what leases had left, which is state",
	"quota.Engine.ForgetReserves":  "forgets the keys of old requests",
	"quota.Engine.Settle":          "commits and releases reserves, which are traffic",
	"usage.Fold":                   "adds up traffic, and writes how far it has come",
	"usage.Forget":                 "retention of traffic",
	"policy.Service.Enter":         "when an address of a list was used last is traffic",
	"notice.Service.Read":          "what somebody has read is state",
	"notice.Service.ReadAll":       "what somebody has read is state",
	"notice.Forget":                "retention of what was told",
	"mail.Capture.Send":            "a captured mail is traffic, and its job may run twice",
	"mail.Capture.Forget":          "retention of traffic",
}

// batchPackages are made of nothing but traffic and state.
var batchPackages = map[string]string{
	"jobs":  "claims, leases and completions of jobs must not wait for each other",
	"file":  "parts of uploads and results, and their retention; what refers to them is governed",
	"task":  "progress of work that was asked for in a governed write",
	"authn": "sessions, attempts and known browsers are state; what it records goes into the same transaction",
}

// inTxCallers open a serializable transaction themselves.
var inTxCallers = map[string]string{
	"invite.Service.accept":           "the link is the authority; it checks everything again and records its event itself",
	"authn.Service.PrepareSetup":      "there is no platform and so no actor yet",
	"authn.Service.ConfirmEmail":      "the link is the authority",
	"authn.Service.Setup":             "makes the platform and its first Owner",
	"authn.Service.forgot":            "nobody is signed in; it makes one link for one mailbox",
	"authn.Service.SetPasswordByLink": "the link is the authority",
	"authn.Service.ResetOwner":        "break-glass of the command line on the server",
}
