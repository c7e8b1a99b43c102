-- use: tostring(lib("Dog")) .. lib("Dog"):new(3).legs .. lib.VERSION
-- want: class Dog31.1
-- Classes with mixins, called as the module itself.
local middle = { VERSION = "1.1" }
local function createIndexWrapper(aClass, f)
  if f == nil then return aClass.__instanceDict end
  return function(self, name)
    local value = aClass.__instanceDict[name]
    if value ~= nil then return value end
    return type(f) == "function" and f(self, name) or f[name]
  end
end
local function tostr(self) return "class " .. self.name end
local function call(self, ...) return self:new(...) end
local DefaultMixin = {
  __tostring = function(self) return "instance of " .. tostring(self.class) end,
  initialize = function(self, legs) self.legs = legs end,
  static = {
    allocate = function(self)
      assert(type(self) == "table", "Make sure that you are using 'Class:allocate' instead of 'Class.allocate'")
      return setmetatable({ class = self }, { __index = self.__instanceDict, __tostring = self.__instanceDict.__tostring })
    end,
    new = function(self, ...)
      local instance = self:allocate()
      instance:initialize(...)
      return instance
    end,
  },
}
function middle.class(name, super)
  assert(type(name) == "string", "A name (string) is needed for the new class")
  local aClass = { name = name, super = super, static = {}, __instanceDict = {} }
  for k, v in pairs(DefaultMixin) do if k ~= "static" then aClass.__instanceDict[k] = v end end
  setmetatable(aClass.static, { __index = createIndexWrapper(aClass, super and super.static) })
  for k, v in pairs(DefaultMixin.static) do aClass.static[k] = v end
  return setmetatable(aClass, { __index = aClass.static, __tostring = tostr, __call = call, __newindex = function(c, k, f) c.__instanceDict[k] = f end })
end
setmetatable(middle, { __call = function(_, ...) return middle.class(...) end })
return middle
