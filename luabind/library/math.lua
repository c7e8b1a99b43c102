---@meta math

---Mathematics. Angles are in radians.
---@class mathlib
---@field pi number The ratio of a circle's circumference to its diameter.
---@field huge number Larger than any other number.
math = {}

---Returns x without its sign.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.abs(-1))
---```
function math.abs(x) end

---Returns the arc cosine.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.acos(1))
---```
function math.acos(x) end

---Returns the arc sine.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.asin(1))
---```
function math.asin(x) end

---Returns the arc tangent.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.atan(1))
---```
function math.atan(x) end

---Returns the arc tangent of y/x, in the right quadrant.
---@param y number
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.atan2(1, -1))
---```
function math.atan2(y, x) end

---Rounds up.
---@param x number
---@return integer
---@nodiscard
---@example
---```lua
---print(math.ceil(1.2))
---```
function math.ceil(x) end

---Returns the cosine.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.cos(0))
---```
function math.cos(x) end

---Returns the hyperbolic cosine.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.cosh(0))
---```
function math.cosh(x) end

---Turns radians into degrees.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.deg(math.pi))
---```
function math.deg(x) end

---Returns e to the power of x.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.exp(1))
---```
function math.exp(x) end

---Rounds down.
---@param x number
---@return integer
---@nodiscard
---@example
---```lua
---print(math.floor(1.8))
---```
function math.floor(x) end

---Returns what is left of x/y, with the sign of x.
---@param x number
---@param y number
---@return number
---@nodiscard
---@example
---```lua
---print(math.fmod(7, 3))
---```
function math.fmod(x, y) end

---Takes x apart into m and e, so that x is m times 2 to the power of e.
---@param x number
---@return number m
---@return integer e
---@nodiscard
---@example
---```lua
---print(math.frexp(8))
---```
function math.frexp(x) end

---Returns m times 2 to the power of e.
---@param m number
---@param e integer
---@return number
---@nodiscard
---@example
---```lua
---print(math.ldexp(0.5, 4))
---```
function math.ldexp(m, e) end

---Returns the natural logarithm.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.log(10))
---```
function math.log(x) end

---Returns the logarithm to base 10.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.log10(100))
---```
function math.log10(x) end

---Returns the largest argument.
---@param x number
---@param ... number
---@return number
---@nodiscard
---@example
---```lua
---print(math.max(1, 3, 2))
---```
function math.max(x, ...) end

---Returns the smallest argument.
---@param x number
---@param ... number
---@return number
---@nodiscard
---@example
---```lua
---print(math.min(1, 3, 2))
---```
function math.min(x, ...) end

---Returns what is left of x/y, with the sign of y, as % does.
---@param x number
---@param y number
---@return number
---@nodiscard
---@example
---```lua
---print(math.mod(7, 3))
---```
function math.mod(x, y) end

---Returns the whole part and the rest.
---@param x number
---@return integer whole
---@return number rest
---@nodiscard
---@example
---```lua
---print(math.modf(1.5))
---```
function math.modf(x) end

---Returns x to the power of y, as ^ does.
---@param x number
---@param y number
---@return number
---@nodiscard
---@example
---```lua
---print(math.pow(2, 10))
---```
function math.pow(x, y) end

---Turns degrees into radians.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.rad(180))
---```
function math.rad(x) end

---Returns a random number: from 0 up to 1, or an integer from 1 or low to high.
---The numbers differ for each message, unless randomseed was called.
---@param low? integer The high one, if there is no other.
---@param high? integer
---@return number
---@nodiscard
---@example
---```lua
---print(math.random(6), math.random(10, 20))
---```
function math.random(low, high) end

---Makes random return the same numbers each time: to the handler that calls it, or,
---called when the file is loaded, to the first message, the second, and so on.
---@param seed integer
---@example
---```lua
---math.randomseed(42)
---```
function math.randomseed(seed) end

---Returns the sine.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.sin(0))
---```
function math.sin(x) end

---Returns the hyperbolic sine.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.sinh(0))
---```
function math.sinh(x) end

---Returns the square root.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.sqrt(2))
---```
function math.sqrt(x) end

---Returns the tangent.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.tan(0))
---```
function math.tan(x) end

---Returns the hyperbolic tangent.
---@param x number
---@return number
---@nodiscard
---@example
---```lua
---print(math.tanh(0))
---```
function math.tanh(x) end
