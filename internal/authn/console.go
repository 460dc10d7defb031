package authn

import "bailiwick/internal/authz"

// ConsoleActor is the operator at the command line of the server itself.
func ConsoleActor() authz.Actor {
	return authz.Mint(authz.Identity{Kind: authz.Console, ID: "console", Name: "Command line on the server", Credential: "console"})
}
