package bpf

import (
	"github.com/cilium/ebpf/asm"

	"github.com/godtrace/godtrace/ir"
)

// Phases of json()'s loop.
const (
	jStart    = iota // reading an element's number from the step
	jPath            // before a step of the path: vJ
	jStep            // inside a step
	jDescend         // step in [vFrom, vTo) is known
	jSpace           // skipping white space, then to vY
	jName            // at a member's name
	jNameEnd         // behind it
	jColon           // at the colon
	jMember          // at the value of a member
	jElement         // at an element
	jComma           // behind a value that is skipped
	jNext            // behind the comma
	jSkip            // at a value to skip, then to vZ
	jString          // inside a string, then to vStrTo
	jNest            // inside an object or array
	jLiteral         // inside a number or word
	jCompare         // comparing a name: vCmp
	jFinal           // at the value that is the result
	jFinalEnd        // behind it
)

// More variables of json()'s loop.
const (
	vStrTo = 12 + iota // phase after a string
	vDepth             // of nesting, while skipping; or the index of an element
	vBegin             // where the skipped value begins
	vCmp               // position in the compared name
)

// json makes m the value at the path in tmp3 of the JSON text in tmp2, or NULL.
// It is a machine of one character a step; package vm has the same lookup as
// ordinary code and says what it accepts.
func (c *clauseGen) json(m ir.Mem, max int) {
	p := c.progGen
	c.setVarImm(vI, 0)
	c.setVarImm(vJ, 0)
	c.setVarImm(vRes, -1)
	c.setVarImm(vX, 0) // 1 once a step was made
	c.setVarImm(vPhase, jSpace)
	c.setVarImm(vY, jPath)
	c.loop("json", 64*max, func() {
		fail := p.newLabel()
		var phases [jFinalEnd + 1]label
		for i := range phases {
			phases[i] = p.newLabel()
		}
		goTo := func(ph int) {
			p.setVarImm(vPhase, int64(ph))
			p.again()
		}
		goVar := func(v int) {
			p.getVar(r1, v)
			p.setVar(vPhase, r1)
			p.again()
		}
		spaceThen := func(ph int) {
			p.setVarImm(vY, int64(ph))
			goTo(jSpace)
		}
		// r1: position, r2: character there, 0 at the end.
		p.getVar(r1, vI)
		p.charAt(r2, p.slot.tmp2, r1)
		p.getVar(r3, vPhase)
		for i := jPath; i <= jFinalEnd; i++ {
			p.jImm(asm.JEq, r3, int32(i), phases[i])
		}
		p.jmp(fail)
		isSep := func(r asm.Register, yes label) {
			for _, ch := range ".[]" {
				p.jImm(asm.JEq, r, ch, yes)
			}
		}

		p.bind(phases[jPath])
		{
			sep, end := p.newLabel(), p.newLabel()
			p.getVar(r4, vJ)
			p.charAt(r5, p.slot.tmp3, r4)
			p.jImm(asm.JEq, r5, 0, end)
			isSep(r5, sep)
			p.setVar(vFrom, r4)
			goTo(jStep)
			p.bind(sep)
			p.addVar(vJ, 1, r4)
			p.again()
			p.bind(end)
			p.getVar(r4, vX)
			p.jImm(asm.JEq, r4, 0, fail)
			goTo(jFinal)
		}
		p.bind(phases[jStep])
		{
			end := p.newLabel()
			p.getVar(r4, vJ)
			p.charAt(r5, p.slot.tmp3, r4)
			p.jImm(asm.JEq, r5, 0, end)
			isSep(r5, end)
			p.addVar(vJ, 1, r4)
			p.again()
			p.bind(end)
			p.setVar(vTo, r4)
			p.setVarImm(vX, 1)
			goTo(jDescend)
		}
		p.bind(phases[jDescend])
		{
			array := p.newLabel()
			p.jImm(asm.JEq, r2, '[', array)
			p.jImm(asm.JNE, r2, '{', fail)
			p.addVar(vI, 1, r1)
			spaceThen(jName)
			p.bind(array)
			// The step as a number: vDepth, digit by digit.
			p.addVar(vI, 1, r1)
			p.setVarImm(vDepth, 0)
			p.getVar(r4, vFrom)
			p.setVar(vCmp, r4)
			goTo(jStart)
		}
		p.bind(phases[jSpace])
		{
			next := p.newLabel()
			for _, ch := range " \t\n\r" {
				p.jImm(asm.JEq, r2, ch, next)
			}
			goVar(vY)
			p.bind(next)
			p.addVar(vI, 1, r1)
			p.again()
		}
		p.bind(phases[jName])
		p.jImm(asm.JNE, r2, '"', fail)
		p.setVar(vBegin, r1)
		p.addVar(vI, 1, r1)
		p.setVarImm(vStrTo, jNameEnd)
		goTo(jString)
		p.bind(phases[jNameEnd])
		{
			// Compare [vBegin+1, vI-1) with the step.
			p.getVar(r4, vBegin)
			p.mov(r5, r1)
			p.alu(asm.Sub, r5, r4)
			p.aluImm(asm.Sub, r5, 2)
			p.getVar(r3, vTo)
			p.getVar(r4, vFrom)
			p.alu(asm.Sub, r3, r4)
			p.setVarImm(vCmp, 0)
			p.setVarImm(vDepth, 0) // 1: equal
			differ := p.newLabel()
			p.jReg(asm.JNE, r3, r5, differ)
			goTo(jCompare)
			p.bind(differ)
			spaceThen(jColon)
		}
		p.bind(phases[jCompare])
		{
			equal, differ := p.newLabel(), p.newLabel()
			p.getVar(r3, vCmp)
			p.getVar(r4, vFrom)
			p.alu(asm.Add, r4, r3)
			p.getVar(r5, vTo)
			p.jReg(asm.JGE, r4, r5, equal)
			p.charAt(r4, p.slot.tmp3, r4)
			p.getVar(r5, vBegin)
			p.alu(asm.Add, r5, r3)
			p.aluImm(asm.Add, r5, 1)
			p.charAt(r5, p.slot.tmp2, r5)
			p.jReg(asm.JNE, r4, r5, differ)
			p.addVar(vCmp, 1, r3)
			p.again()
			p.bind(equal)
			p.setVarImm(vDepth, 1)
			p.bind(differ)
			spaceThen(jColon)
		}
		p.bind(phases[jColon])
		p.jImm(asm.JNE, r2, ':', fail)
		p.addVar(vI, 1, r1)
		spaceThen(jMember)
		p.bind(phases[jMember])
		{
			other := p.newLabel()
			p.getVar(r4, vDepth)
			p.jImm(asm.JEq, r4, 0, other)
			p.jImm(asm.JEq, r2, 0, fail)
			goTo(jPath)
			p.bind(other)
			p.setVarImm(vLenA, 0) // a member is skipped
			p.setVarImm(vZ, jComma)
			goTo(jSkip)
		}
		p.bind(phases[jElement])
		{
			here := p.newLabel()
			p.jImm(asm.JEq, r2, 0, fail)
			p.jImm(asm.JEq, r2, ']', fail)
			p.getVar(r4, vLenB) // elements still to skip
			p.jImm(asm.JEq, r4, 0, here)
			p.aluImm(asm.Sub, r4, 1)
			p.setVar(vLenB, r4)
			p.setVarImm(vLenA, 1)
			p.setVarImm(vZ, jComma)
			goTo(jSkip)
			p.bind(here)
			goTo(jPath)
		}
		p.bind(phases[jComma])
		{
			next := p.newLabel()
			for _, ch := range " \t\n\r" {
				p.jImm(asm.JEq, r2, ch, next)
			}
			p.jImm(asm.JNE, r2, ',', fail)
			p.addVar(vI, 1, r1)
			goTo(jNext)
			p.bind(next)
			p.addVar(vI, 1, r1)
			p.again()
		}
		p.bind(phases[jNext])
		{
			member := p.newLabel()
			p.getVar(r4, vLenA)
			p.jImm(asm.JEq, r4, 0, member)
			spaceThen(jElement)
			p.bind(member)
			spaceThen(jName)
		}
		p.bind(phases[jSkip])
		{
			str, nest := p.newLabel(), p.newLabel()
			p.setVar(vBegin, r1)
			p.jImm(asm.JEq, r2, '"', str)
			p.jImm(asm.JEq, r2, '{', nest)
			p.jImm(asm.JEq, r2, '[', nest)
			goTo(jLiteral)
			p.bind(str)
			p.addVar(vI, 1, r1)
			p.getVar(r4, vZ)
			p.setVar(vStrTo, r4)
			goTo(jString)
			p.bind(nest)
			p.setVarImm(vDepth, 0)
			goTo(jNest)
		}
		p.bind(phases[jString])
		{
			quote, escape := p.newLabel(), p.newLabel()
			p.jImm(asm.JEq, r2, 0, fail)
			p.jImm(asm.JEq, r2, '"', quote)
			p.jImm(asm.JEq, r2, '\\', escape)
			p.addVar(vI, 1, r1)
			p.again()
			p.bind(escape)
			// An escape at the very end: the text ends there.
			p.aluImm(asm.Add, r1, 1)
			p.charAt(r2, p.slot.tmp2, r1)
			p.jImm(asm.JEq, r2, 0, fail)
			p.addVar(vI, 2, r1)
			p.again()
			p.bind(quote)
			p.addVar(vI, 1, r1)
			goVar(vStrTo)
		}
		p.bind(phases[jNest])
		{
			open, closing, str, more := p.newLabel(), p.newLabel(), p.newLabel(), p.newLabel()
			p.jImm(asm.JEq, r2, 0, fail)
			p.jImm(asm.JEq, r2, '"', str)
			p.jImm(asm.JEq, r2, '{', open)
			p.jImm(asm.JEq, r2, '[', open)
			p.jImm(asm.JEq, r2, '}', closing)
			p.jImm(asm.JEq, r2, ']', closing)
			p.addVar(vI, 1, r1)
			p.again()
			p.bind(open)
			p.addVar(vI, 1, r1)
			p.addVar(vDepth, 1, r1)
			p.again()
			p.bind(closing)
			p.addVar(vI, 1, r1)
			p.addVar(vDepth, -1, r1)
			p.jImm(asm.JNE, r1, 0, more)
			goVar(vZ)
			p.bind(more)
			p.again()
			p.bind(str)
			p.addVar(vI, 1, r1)
			p.setVarImm(vStrTo, jNest)
			goTo(jString)
		}
		p.bind(phases[jLiteral])
		{
			yes, end := p.newLabel(), p.newLabel()
			for _, ch := range "-+.E" {
				p.jImm(asm.JEq, r2, ch, yes)
			}
			p.mov(r4, r2)
			p.aluImm(asm.Sub, r4, 'a')
			p.jImm(asm.JLT, r4, 26, yes)
			p.mov(r4, r2)
			p.aluImm(asm.Sub, r4, '0')
			p.jImm(asm.JLT, r4, 10, yes)
			p.getVar(r4, vBegin)
			p.jReg(asm.JEq, r4, r1, fail)
			p.jmp(end)
			p.bind(yes)
			p.addVar(vI, 1, r1)
			p.again()
			p.bind(end)
			goVar(vZ)
		}
		p.bind(phases[jFinal])
		p.jImm(asm.JEq, r2, 0, fail)
		p.jImm(asm.JEq, r2, '{', fail)
		p.jImm(asm.JEq, r2, '[', fail)
		p.setVarImm(vZ, jFinalEnd)
		goTo(jSkip)
		p.bind(phases[jFinalEnd])
		{
			plain := p.newLabel()
			p.getVar(r4, vBegin)
			p.charAt(r5, p.slot.tmp2, r4)
			p.jImm(asm.JNE, r5, '"', plain)
			p.aluImm(asm.Add, r4, 1)
			p.aluImm(asm.Sub, r1, 1)
			p.bind(plain)
			p.setVar(vRes, r4)
			p.setVar(vTo, r1)
			p.stop()
		}
		// jStart doubles as the phase that reads an element's number.
		p.bind(phases[jStart])
		p.bind(fail)
		p.getVar(r3, vPhase)
		bad := p.newLabel()
		p.jImm(asm.JNE, r3, jStart, bad)
		{
			done := p.newLabel()
			p.getVar(r4, vCmp)
			p.getVar(r5, vTo)
			p.jReg(asm.JGE, r4, r5, done)
			p.charAt(r5, p.slot.tmp3, r4)
			p.aluImm(asm.Sub, r5, '0')
			p.jImm(asm.JGT, r5, 9, bad)
			p.aluImm(asm.Add, r4, 1)
			p.setVar(vCmp, r4)
			p.getVar(r4, vDepth)
			p.aluImm(asm.Mul, r4, 10)
			p.alu(asm.Add, r4, r5)
			p.setVar(vDepth, r4)
			p.again()
			p.bind(done)
			p.getVar(r4, vDepth)
			p.setVar(vLenB, r4)
			spaceThen(jElement)
		}
		p.bind(bad)
		p.setVarImm(vRes, -1)
		p.stop()
	})
	null, done := c.newLabel(), c.newLabel()
	c.getVar(r4, vRes)
	c.jImm(asm.JSLT, r4, 0, null)
	c.getVar(r2, vTo)
	c.alu(asm.Sub, r2, r4)
	c.aluImm(asm.And, r2, c.strMask)
	c.aluImm(asm.Add, r2, 1)
	c.aluImm(asm.And, r4, c.strMask)
	c.slotAddr(r3, c.slot.tmp2)
	c.alu(asm.Add, r3, r4)
	c.putString(m, true)
	c.jmp(done)
	c.bind(null)
	c.nullString(m)
	c.bind(done)
}
