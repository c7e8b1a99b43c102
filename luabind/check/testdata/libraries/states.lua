-- use: lib.machine():go("b").state
-- want: b
-- States as functions of a class.
local Stateful = { static = {} }
local _callbacks = { "enteredState", "exitedState" }
local function invoke(self, state, name, ...) if state and state[name] then state[name](self, ...) end end
function Stateful.machine()
  local m = { states = { a = {}, b = { [_callbacks[1]] = function(self) self.entered = true end } }, state = "a" }
  function m:go(name, ...)
    assert(self.states[name] ~= nil, "the state " .. tostring(name) .. " doesn't exist")
    invoke(self, self.states[self.state], "exitedState", ...)
    self.state = name
    invoke(self, self.states[name], "enteredState", ...)
    return self
  end
  return m
end
function Stateful.static:addState(name, super) self.static[name] = setmetatable({}, { __index = super }) return self.static[name] end
return Stateful
