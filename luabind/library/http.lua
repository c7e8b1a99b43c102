---@meta http

---Asks web services. Which hosts the bot may ask is said in runtime.toml: [bot.allow]
---http = ["api.example.org"]; without it all public ones, at their usual ports. Hosts in
---private networks, this machine among them, must be named.
---
---Calls wait for the answer while other handlers go on. They return nil and an error
---whose kind is "bad_url" (it can't be asked for), "refused" (the bot may not ask
---there; the message says what to write in runtime.toml), "timeout", "network" (the
---host can't be reached, or broke off), "too_large", "bad_request" or "interrupted". An
---answer with a status such as 404 or 500 is an answer: see ok and status. Redirects
---are followed five times; cookies aren't kept.
---@class http
http = {}

---Options of a request.
---@class http.Options
---@field headers? table<string, string> Headers, such as { Authorization = "Bearer " .. env.KEY }.
---@field query? table<string, string|number|boolean|(string|number|boolean)[]> Is added to the URL; a list is the same name several times.
---@field timeout? ilink.Span How long it may take in all; 30 seconds if left out. Of a stream, how long nothing may come.
---@field max_bytes? integer How large the answer may be, unpacked; 4 MiB if left out.

---Options of a request with a body.
---@class http.BodyOptions : http.Options
---@field json? any Is sent as JSON.
---@field form? table<string, string|number|boolean|(string|number|boolean)[]> Is sent as a form.

---A request in full.
---@class http.Request : http.BodyOptions
---@field url string
---@field method? string Such as "PUT". Left out it is "GET", or "POST" if there is a body.
---@field body? string Is sent as it is.

---Options of a stream.
---@class http.StreamOptions : http.BodyOptions
---@field method? string Such as "PUT". Left out it is "GET", or "POST" if there is a body.
---@field body? string Is sent as it is.

---An answer.
---@class http.Response
---@field status integer Such as 200.
---@field ok boolean Whether the status is 200 to 299.
---@field headers table<string, string> By their names in small letters: headers["content-type"].
---@field body string The bytes as they are, unpacked.
---@field url string Where it came from, after redirects.
local Response = {}

---Asks for a URL.
---@param url string Such as "https://api.example.org/weather".
---@param options? http.Options
---@return http.Response? response nil if there is none.
---@return ilink.Failure? err
---@example
---```lua
---local res, err = http.get("https://api.example.org/weather", { query = { city = msg.text } })
---if not res then return msg:reply("No weather: " .. err) end
---if not res.ok then return msg:reply("No weather: error " .. res.status) end
---local weather = res:json()
---if weather then msg:reply("It is " .. weather.temperature .. " °C") end
---```
function http.get(url, options) end

---Sends something to a URL.
---@param url string
---@param body? string|table A text is sent as it is, a table as JSON. nil if the options have json or form, or for no body.
---@param options? http.BodyOptions
---@return http.Response? response
---@return ilink.Failure? err
---@example
---```lua
---local res, err = http.post("https://api.example.org/notes", { text = msg.text, from = msg.from })
---msg:reply(res and res.ok and "Noted." or "That didn't work.")
---http.post("https://api.example.org/login", nil, { form = { name = "bot", city = "上海" }, timeout = 5 })
---```
function http.post(url, body, options) end

---Makes any request.
---@param request http.Request
---@return http.Response? response
---@return ilink.Failure? err
---@example
---```lua
---local res, err = http.request {
---  method = "DELETE",
---  url = "https://api.example.org/notes/7",
---  headers = { ["X-Reason"] = "done" },
---}
---if not res then ilink.log.warn("not deleted: " .. err) end
---```
function http.request(request) end

---Reads the body as JSON, as json.decode does.
---@return any value nil if it is no JSON.
---@return ilink.Failure? err
---@example
---```lua
---local res = assert(http.get("https://api.example.org/weather"))
---local weather, err = res:json()
---if not weather then return msg:reply("The service sent no JSON: " .. err) end
---```
function Response:json() end

---Makes a request and returns as soon as the answer begins, to read it as it comes.
---A handler that is run again after a restart reads what it had read before, and then
---the stream ends with an error of kind "network": its rest is gone.
---@param url string
---@param options? http.StreamOptions
---@return http.Stream? stream
---@return ilink.Failure? err
---@example
---```lua
---local stream, err = http.stream("https://api.example.org/events", { timeout = 60 })
---if not stream then return msg:reply("No news: " .. err) end
---for event in stream:events() do
---  if event.data == "[DONE]" then break end
---  print(event.name, event.data)
---end
---if stream.err then ilink.log.warn("broken off: " .. stream.err) end
---stream:close()
---```
function http.stream(url, options) end

---An answer that is read as it comes. It is closed at its end and with the handler.
---@class http.Stream
---@field status integer Such as 200.
---@field ok boolean Whether the status is 200 to 299.
---@field headers table<string, string> By their names in small letters.
---@field url string Where it comes from, after redirects.
---@field err? ilink.Failure Why it has ended early.
local Stream = {}

---Returns an iterator over the lines, without their ends.
---@return fun(): string?, ilink.Failure? next nil at the end; after an early one with the error, which is in stream.err too.
---@example
---```lua
---local stream = assert(http.stream("https://api.example.org/log"))
---for line in stream:lines() do print(line) end
---```
function Stream:lines() end

---Returns an iterator over server-sent events.
---@return fun(): http.Event?, ilink.Failure? next nil at the end; after an early one with the error, which is in stream.err too.
---@example
---```lua
---local stream = assert(http.stream("https://api.example.org/events"))
---for event in stream:events() do
---  if event.name == "price" then msg:reply(event.data) break end
---end
---```
function Stream:events() end

---Ends the request; nothing more is read then.
---@example
---```lua
---local stream = assert(http.stream("https://api.example.org/log"))
---local first = stream:lines()()
---stream:close()
---```
function Stream:close() end

---A server-sent event.
---@class http.Event
---@field name string Its type; "message" if the server gives none.
---@field data string Its data; several lines are joined with line ends.
---@field id? string The last id that the server gave.
