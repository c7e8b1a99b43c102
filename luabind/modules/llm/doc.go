// Package llm is the Lua module llm: language models behind the API of OpenAI, which
// most services and local servers speak. It asks through the client of the module
// http, so that what the operator allows holds for it too; what it sends to users it
// sends by msg:reply, as the script would.
package llm
