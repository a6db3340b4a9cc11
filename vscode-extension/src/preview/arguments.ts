// What people enter for the parameters of plans, remembered for the workspace.

/** What the editor keeps for a workspace. */
export interface Memory {
  get<T>(key: string, otherwise: T): T;
  update(key: string, value: unknown): PromiseLike<void>;
}

type Kept = Record<string, Record<string, string>>;

const KEY = "ordain.arguments";

export class PlanArguments {
  constructor(private readonly memory: Memory) {}

  /** What was entered for a plan. */
  of(plan: string): Record<string, string> {
    return this.memory.get<Kept>(KEY, {})[plan] ?? {};
  }

  /** Remembers what was entered; an empty text forgets it. */
  async set(plan: string, name: string, value: string): Promise<void> {
    const { [plan]: before, ...others } = this.memory.get<Kept>(KEY, {});
    const { [name]: _, ...rest } = before ?? {};
    const own = value === "" ? rest : { ...rest, [name]: value };
    await this.memory.update(KEY, Object.keys(own).length === 0 ? others : { ...others, [plan]: own });
  }
}
