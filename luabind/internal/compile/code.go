package compile

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// The layout of an instruction: the operation in 6 bits, A in 8, C in 9, B in 9, or
// Bx in place of C and B. B and C may be constants, by a bit of theirs.
const (
	shiftOp, shiftA, shiftC = 26, 18, 9

	constantBit  = 1 << 8
	maxRK        = constantBit - 1
	maxBx        = 1<<18 - 1
	maxJump      = maxBx >> 1
	maxRegisters = 250
	maxLocals    = 200
	maxUpvalues  = 255
	maxC         = 1<<9 - 1
)

func (f *function) emit(inst uint32, line int) (pc int) {
	f.proto.Code = append(f.proto.Code, inst)
	f.proto.DbgSourcePositions = append(f.proto.DbgSourcePositions, line)
	return len(f.proto.Code) - 1
}

func (f *function) emitABC(op, a, b, c, line int) (pc int) {
	return f.emit(uint32(op)<<shiftOp|uint32(a)<<shiftA|uint32(c)<<shiftC|uint32(b), line)
}

func (f *function) emitABx(op, a, bx, line int) (pc int) {
	return f.emit(uint32(op)<<shiftOp|uint32(a)<<shiftA|uint32(bx), line)
}

func opcode(inst uint32) int { return int(inst >> shiftOp) }

// here is where the next instruction will be.
func (f *function) here() int { return len(f.proto.Code) }

// jump writes a jump whose target is set later.
func (f *function) jump(line int) (pc int) { return f.emitABx(lua.OP_JMP, 0, maxJump, line) }

// jumpTo writes a jump to code that is there.
func (f *function) jumpTo(target, line int) { f.patch(f.jump(line), target) }

// patch sets the target of a jump, which may be a loop's instruction.
func (f *function) patch(pc, target int) {
	distance := target - (pc + 1)
	if distance > maxJump || distance < -maxJump {
		fail(f.proto.DbgSourcePositions[pc], "the function is too large: split it up")
	}
	f.proto.Code[pc] = f.proto.Code[pc]&^maxBx | uint32(distance+maxJump)
}

func (f *function) jumpTarget(pc int) int { return pc + 1 + int(f.proto.Code[pc]&maxBx) - maxJump }

// patchHere has jumps end here.
func (f *function) patchHere(jumps []int) {
	for _, pc := range jumps {
		f.patch(pc, f.here())
	}
}

// constant returns a constant's number. 0 and -0 are one, as in Lua 5.1.
func (f *function) constant(v lua.LValue, line int) int {
	if n, ok := v.(lua.LNumber); ok && math.IsNaN(float64(n)) {
		fail(line, "not a number as a constant")
	}
	if i, ok := f.consts[v]; ok {
		return i
	}
	i := len(f.proto.Constants)
	if i > maxBx {
		fail(line, "the function has too many constants: split it up")
	}
	f.proto.Constants = append(f.proto.Constants, v)
	f.consts[v] = i
	return i
}

// reserve takes n registers above all in use and returns the first.
func (f *function) reserve(n, line int) int {
	first := f.free
	f.free += n
	f.need(f.free, line)
	return first
}

// need has the function own at least n registers.
func (f *function) need(n, line int) {
	if n > maxRegisters {
		fail(line, "the function or an expression in it is too complex: it needs more than %d registers", maxRegisters)
	}
	if n > int(f.proto.NumUsedRegisters) {
		f.proto.NumUsedRegisters = uint8(n)
	}
}

// finish makes the code a little faster: jumps to jumps go to the end of the
// chain, and moves in a row are one instruction.
func (f *function) finish() {
	f.need(2, f.proto.LineDefined)
	p := f.proto
	moves := 0
	for pc := 0; pc < len(p.Code); pc++ {
		inst := p.Code[pc]
		op := opcode(inst)
		if op == lua.OP_MOVE {
			moves++
			continue
		}
		f.gather(pc, moves)
		moves = 0
		switch op {
		case lua.OP_CLOSURE: // followed by descriptions of the upvalues
			pc += int(p.FunctionPrototypes[inst&maxBx].NumUpvalues)
		case lua.OP_SETLIST: // perhaps followed by a number
			if inst>>shiftC&maxC == 0 {
				pc++
			}
		case lua.OP_JMP:
			target := f.jumpTarget(pc)
			for range 5 { // there may be a circle
				if target >= len(p.Code) || opcode(p.Code[target]) != lua.OP_JMP {
					break
				}
				target = f.jumpTarget(target)
			}
			if d := target - (pc + 1); d <= maxJump && d >= -maxJump {
				f.patch(pc, target)
			}
		}
	}
	p.DbgUpvalues = make([]string, len(f.upvalues))
	for i, u := range f.upvalues {
		p.DbgUpvalues[i] = u.name
	}
	p.NumUpvalues = uint8(len(f.upvalues))
}

// gather makes one instruction of n moves before pc.
func (f *function) gather(pc, n int) {
	if n > 1 {
		first := f.proto.Code[pc-n]
		f.proto.Code[pc-n] = uint32(lua.OP_MOVEN)<<shiftOp | first&(0xff<<shiftA) | uint32(min(n-1, maxC))<<shiftC | first&maxC
	}
}
