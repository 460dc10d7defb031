package authn

import (
	"bailiwick/internal/authz"
	"bailiwick/internal/ids"
)

// ConsoleActor is the operator at the command line of the server itself, with what a command needs on an account and below.
func ConsoleActor(on ids.Account, perms ...authz.Perm) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Name: "Command line on the server", Account: on, Perms: authz.SetOf(perms...), Credential: "console"})
}

// ConsoleOn is ConsoleActor with some permissions on one account and below.
func ConsoleOn(account ids.Account, perms ...authz.Perm) authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Name: "Command line on the server", Account: account, Perms: authz.SetOf(perms...), Credential: "console"})
}
