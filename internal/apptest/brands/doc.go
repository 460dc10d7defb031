// Package brands holds tests of brands where people see them: in the portal, on pages for strangers and in mails.
package brands
