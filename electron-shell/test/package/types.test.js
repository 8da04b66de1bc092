'use strict';
/** The declarations are those of the SDK: every export, member, signature and value, and applications compile against them. */
const assert = require('assert');
const fs = require('fs');
const path = require('path');
const { test } = require('node:test');
const ts = require('typescript');
const { folder, upstream } = require('../tools/files');
const { SDK } = require('../tools/programs');

const OPTIONS = {
  strict: true, noEmit: true, skipLibCheck: false, target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.CommonJS,
  lib: ['lib.es2020.d.ts', 'lib.dom.d.ts'], types: ['node'], typeRoots: [path.resolve(SDK, '../node_modules/@types')], esModuleInterop: true,
};

const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;

/** A declaration file as text per export: what an application can see of it, in the order of names. */
class Surface {
  constructor(file) {
    this.program = ts.createProgram([file], OPTIONS);
    this.checker = this.program.getTypeChecker();
    this.module = this.checker.getSymbolAtLocation(this.program.getSourceFile(file));
  }

  exports() {
    return new Map(this.checker.getExportsOfModule(this.module).map((symbol) => [symbol.name, this.resolved(symbol)]));
  }

  resolved(symbol) {
    return symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol;
  }

  text(type, flags = 0) {
    return this.checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation | flags).replace(/import\([^)]*\)\./g, '');
  }

  describe(symbol) {
    if (symbol.flags & ts.SymbolFlags.Enum) return this.values(symbol);
    if (symbol.flags & ts.SymbolFlags.Class) return this.members(symbol);
    if (symbol.flags & ts.SymbolFlags.Variable) return this.properties(this.checker.getTypeOfSymbol(symbol));
    const type = this.checker.getDeclaredTypeOfSymbol(symbol);
    return type.getProperties().length ? this.properties(type) : [this.text(type, ts.TypeFormatFlags.InTypeAlias)];
  }

  values(symbol) {
    return symbol.declarations.flatMap((enumeration) => enumeration.members.map(
      (member) => `${member.name.getText()} = ${JSON.stringify(this.checker.getConstantValue(member))}`,
    ));
  }

  members(symbol) {
    const type = this.checker.getTypeOfSymbol(symbol);
    const makes = type.getConstructSignatures().map((signature) => `new ${this.signature(signature)}`);
    const statics = this.properties(type).filter((line) => !line.startsWith('prototype')).map((line) => `static ${line}`);
    return [...makes, ...statics, ...this.properties(this.checker.getDeclaredTypeOfSymbol(symbol))];
  }

  properties(type) {
    return type.getProperties().filter((property) => !this.isHidden(property)).flatMap((property) => this.property(property)).sort();
  }

  isHidden(symbol) {
    return (symbol.declarations || []).some((declaration) => ts.getCombinedModifierFlags(declaration) & HIDDEN);
  }

  property(symbol) {
    const type = this.checker.getTypeOfSymbol(symbol);
    const optional = symbol.flags & ts.SymbolFlags.Optional ? '?' : '';
    if (symbol.flags & ts.SymbolFlags.Method) return type.getCallSignatures().map((call) => `${symbol.name}${optional}${this.signature(call)}`);
    return [`${symbol.name}${optional}: ${this.text(type)}`];
  }

  signature(signature) {
    return this.checker.signatureToString(signature, undefined, ts.TypeFormatFlags.NoTruncation).replace(/import\([^)]*\)\./g, '');
  }
}

test('every export, member, signature and value is that of the SDK', (t) => {
  const theirs = upstream(t);
  if (!theirs) return t.skip('the SDK cannot be fetched here');
  const [real, ours] = [path.join(theirs, 'liteav/index.d.ts'), path.join(SDK, 'index.d.ts')].map((file) => new Surface(file));
  const [wanted, given] = [real.exports(), ours.exports()];
  assert.deepStrictEqual([...given.keys()].sort(), [...wanted.keys()].sort());
  const different = [];
  for (const [name, symbol] of wanted) {
    const [want, have] = [real.describe(symbol), ours.describe(given.get(name))];
    if (JSON.stringify(want) !== JSON.stringify(have)) {
      different.push({ name, missing: want.filter((line) => !have.includes(line)), extra: have.filter((line) => !want.includes(line)) });
    }
  }
  assert.deepStrictEqual(different, []);
  return undefined;
});

const APPLICATION = `
import TRTCCloud, { TRTCParams, TRTCAppScene, TRTCDeviceInfo, TRTCVideoFrame } from 'trtc-electron-sdk';
import { TRTCVideoStreamType, TRTCRoleType } from 'trtc-electron-sdk/liteav/trtc_define';
import { allowOrigin, useRooms } from 'trtc-electron-sdk/main';
import 'trtc-electron-sdk/preload';
import { EventEmitter } from 'events';
const cloud: TRTCCloud = TRTCCloud.getTRTCShareInstance();
const emitter: EventEmitter = cloud;
cloud.on('onEnterRoom', (result: number) => console.log(result));
cloud.enterRoom(new TRTCParams(1, 'a', 'sig', 2, '', TRTCRoleType.TRTCRoleAnchor), TRTCAppScene.TRTCAppSceneVideoCall);
cloud.startRemoteView('b', document.createElement('div'), TRTCVideoStreamType.TRTCVideoStreamTypeBig);
cloud.setLocalVideoRenderCallback(1, 1, { onRenderVideoFrame: (user: string, type: TRTCVideoStreamType, frame: TRTCVideoFrame) => {} });
const cameras: TRTCDeviceInfo[] = cloud.getCameraDevicesList();
useRooms('wss://rooms.example.com/signal');
allowOrigin('https://app.example.com');
// @ts-expect-error: a number is no room
cloud.connectOtherRoom(1);
`;

test('an application compiles, strictly', (t) => {
  const made = folder(t);
  fs.mkdirSync(path.join(made, 'node_modules'));
  fs.symlinkSync(SDK, path.join(made, 'node_modules/trtc-electron-sdk'), 'junction');
  fs.writeFileSync(path.join(made, 'app.ts'), APPLICATION);
  const program = ts.createProgram([path.join(made, 'app.ts')], OPTIONS);
  const problems = ts.getPreEmitDiagnostics(program).map((problem) => ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
  assert.deepStrictEqual(problems, []);
});
