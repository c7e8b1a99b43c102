// Package http is the Lua module http: requests to web services, within what the
// bot's operator allows. What is asked for is checked three times: the URL, each
// redirect, and each address that is connected to.
package http
