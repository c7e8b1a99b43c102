---@meta coroutine

---Functions that stop in the middle and go on later. A handler needs none of them
---to wait: calls such as msg:reply wait by themselves.
---@class coroutinelib
coroutine = {}

---Makes a coroutine of a function. It runs once it is resumed.
---@param f function
---@return thread
---@example
---```lua
---local co = coroutine.create(function(a) print(a, coroutine.yield()) end)
---coroutine.resume(co, 1)
---coroutine.resume(co, 2)
---```
function coroutine.create(f) end

---Reports whether the running function can yield.
---@return boolean
---@example
---```lua
---print(coroutine.isyieldable())
---```
function coroutine.isyieldable() end

---Runs a coroutine up to its next yield or its end, and returns true and what it
---yields or returns, or false and its error. One handler at a time can do that.
---@param co thread
---@param ... any What its function gets, or what yield returns in it.
---@return boolean ok
---@return any ...
---@example
---```lua
---local co = coroutine.create(function() return "done" end)
---print(coroutine.resume(co))
---```
function coroutine.resume(co, ...) end

---Returns the coroutine that runs, nil outside of any.
---@return thread?
---@example
---```lua
---print(coroutine.running() == nil)
---```
function coroutine.running() end

---Returns "running", "suspended", "normal" (it has resumed another) or "dead".
---@param co thread
---@return "running"|"suspended"|"normal"|"dead"
---@example
---```lua
---print(coroutine.status(coroutine.create(print)))
---```
function coroutine.status(co) end

---Makes a function that resumes a coroutine. Errors go through it.
---@param f function
---@return function
---@example
---```lua
---local function count(n)
---  return coroutine.wrap(function()
---    for i = 1, n do coroutine.yield(i) end
---  end)
---end
---for i in count(3) do print(i) end
---```
function coroutine.wrap(f) end

---Stops the running coroutine, whose resume returns the arguments, and returns what
---it is resumed with. It can't be called in a pcall, a metamethod or an iterator.
---@param ... any
---@return any ...
---@example
---```lua
---local next_id = coroutine.wrap(function()
---  local id = 0
---  while true do
---    id = id + 1
---    coroutine.yield(id)
---  end
---end)
---print(next_id(), next_id())
---```
function coroutine.yield(...) end
