/** The use cases of customers: lock, load, decide, save and publish, in one transaction each. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { matches } from '../../platform/data/row-filter.ts';
import type { Work } from '../../platform/store/store.ts';
import { type Refusal, refuse } from '../../platform/errors.ts';
import { checkAddress } from '../../platform/graphql/address.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion, orTaken } from '../../platform/graphql/refusals.ts';
import { isId, newId } from '../../platform/ids.ts';
import { checkName } from '../../platform/text/text.ts';
import { writableCustomers } from './access.ts';
import { checkPhone, checkRoom, defaultAfterChange, defaultAfterRemoval } from './domain.ts';
import { Address, Customer, type Tables } from './entities.ts';
import { customerAddressesChanged, customerCreated, customerUpdated } from './events.ts';
import type {
  AddAddressInput,
  CreateCustomerInput,
  RemoveAddressInput,
  UpdateAddressInput,
  UpdateCustomerInput,
} from './resolvers.generated.ts';

/** Whose address it was, and which. */
export interface ChangedAddress {
  customerId: string;
  addressId: string;
}

export const customerService = ({ store, clock }: AgentContext<Tables>) => {
  /** One transaction on one customer, which the caller may change. */
  const change = <T>(
    id: string,
    path: readonly string[],
    context: RequestContext,
    work: (work: Work<Tables>, customer: Customer) => Promise<T>,
  ) =>
    store.write({ locks: [id], origin: context }, async (session) => {
      if (!matches({ id }, writableCustomers(context.actor))) throw noCustomer(path);
      const customer = await session.em.findOne(Customer, { id });
      if (!customer) throw noCustomer(path);
      // The lock keeps others away, so counting needs no condition on the version.
      customer.version += 1;
      customer.updatedAt = clock.now();
      return work(session, customer);
    });

  /** One transaction on an address, which may belong to a customer whom the caller may change. */
  const changeAddress = async <T>(
    input: { id: string; expectedVersion?: number | null },
    context: RequestContext,
    work: (work: Work<Tables>, customer: Customer, address: Address) => Promise<T>,
  ): Promise<T> => {
    // An address never changes its customer, so whom to lock can be read before.
    const owner = await store.read
      .selectFrom('address')
      .select('customer_id')
      .where('id', '=', input.id)
      .executeTakeFirst();
    if (!owner || !matches({ id: owner.customer_id }, writableCustomers(context.actor))) throw noAddress();
    return change(owner.customer_id, ['input', 'id'], context, async (session, customer) => {
      const address = await session.em.findOne(Address, { id: input.id, customerId: customer.id });
      if (!address) throw noAddress();
      checkVersion(address.version, input.expectedVersion);
      return work(session, customer, address);
    });
  };

  const publishChange = (
    { publish }: Work<Tables>,
    { id, version }: Customer,
    addressId: string,
    change: 'ADDED' | 'CHANGED' | 'REMOVED',
  ): void =>
    publish(customerAddressesChanged, {
      aggregateId: id,
      aggregateVersion: version,
      payload: { customerId: id, addressId, change },
    });

  return {
    async createCustomer({ id, userId, name, email }: CreateCustomerInput, context: RequestContext): Promise<string> {
      if (!isId(id, 'customer'))
        throw refuse('INVALID_INPUT', 'The id of a customer starts with `customer_`.', ['input', 'id']);
      const checkedName = checkName(name, ['input', 'name']);
      const write = () =>
        store.write({ locks: [id], origin: context }, async ({ em, publish }) => {
          const there = await em.findOne(Customer, { id });
          if (there && there.userId !== userId)
            throw refuse('INVALID_INPUT', 'This id belongs to the customer of another user.', ['input', 'id']);
          if (there) return id;
          const now = clock.now();
          const fresh = { phone: null, defaultAddressId: null, version: 1, createdAt: now, updatedAt: now };
          em.persist(em.create(Customer, { id, userId, name: checkedName, email, ...fresh }));
          publish(customerCreated, { aggregateId: id, aggregateVersion: 1, payload: { customerId: id, userId } });
          return id;
        });
      return orTaken(write, {
        customer_one_per_user: refuse('INVALID_INPUT', 'This user is a customer already, with another id.', [
          'input',
          'userId',
        ]),
      });
    },

    async updateCustomer(input: UpdateCustomerInput, context: RequestContext): Promise<string> {
      const name = input.name == null ? undefined : checkName(input.name, ['input', 'name']);
      const phone = input.phone === undefined ? undefined : checkPhone(input.phone, ['input', 'phone']);
      return change(input.id, ['input', 'id'], context, async ({ publish }, customer) => {
        checkVersion(customer.version - 1, input.expectedVersion);
        if (name !== undefined) customer.name = name;
        if (input.email != null) customer.email = input.email;
        if (phone !== undefined) customer.phone = phone;
        const { id, version } = customer;
        publish(customerUpdated, { aggregateId: id, aggregateVersion: version, payload: { customerId: id } });
        return id;
      });
    },

    async addAddress(input: AddAddressInput, context: RequestContext): Promise<ChangedAddress> {
      const customerId = input.customerId ?? context.actor.customerId;
      if (!customerId) throw refuse('INVALID_INPUT', 'Say whose address it is: `customerId`.', ['input', 'customerId']);
      const { line2 = null, region = null, ...checked } = checkAddress(input.address, ['input', 'address']);
      return change(customerId, ['input', 'customerId'], context, async (work, customer) => {
        const others = await work.em.find(Address, { customerId }, { fields: ['id'] });
        checkRoom(others.length);
        const addressId = newId('address');
        work.em.persist(
          work.em.create(Address, {
            id: addressId,
            customerId,
            ...checked,
            line2,
            region,
            version: 1,
            createdAt: clock.now(),
          }),
        );
        await work.em.flush(); // The default can only be an address that is there.
        customer.defaultAddressId = defaultAfterChange(
          customer.defaultAddressId ?? null,
          addressId,
          input.isDefaultShipping,
        );
        publishChange(work, customer, addressId, 'ADDED');
        return { customerId, addressId };
      });
    },

    async updateAddress(input: UpdateAddressInput, context: RequestContext): Promise<ChangedAddress> {
      const checked = input.address && checkAddress(input.address, ['input', 'address']);
      return changeAddress(input, context, async (work, customer, address) => {
        if (checked) Object.assign(address, checked);
        address.version += 1;
        customer.defaultAddressId = defaultAfterChange(
          customer.defaultAddressId ?? null,
          address.id,
          input.isDefaultShipping,
        );
        publishChange(work, customer, address.id, 'CHANGED');
        return { customerId: customer.id, addressId: address.id };
      });
    },

    removeAddress: (input: RemoveAddressInput, context: RequestContext): Promise<string> =>
      changeAddress(input, context, async (work, customer, address) => {
        const others = await work.em.find(
          Address,
          { customerId: customer.id, id: { $ne: address.id } },
          { fields: ['id'], orderBy: { id: 'asc' } },
        );
        const oldestFirst = others.map(({ id }) => id);
        customer.defaultAddressId = defaultAfterRemoval(customer.defaultAddressId ?? null, address.id, oldestFirst);
        await work.em.flush(); // While it is the default it cannot go.
        work.em.remove(address);
        publishChange(work, customer, address.id, 'REMOVED');
        return customer.id;
      }),
  };
};

const noCustomer = (path: readonly string[]): Refusal =>
  refuse('NOT_FOUND', 'There is no such customer, or it is not yours.', path);
const noAddress = (): Refusal => refuse('NOT_FOUND', 'There is no such address, or it is not yours.', ['input', 'id']);

export type CustomerService = ReturnType<typeof customerService>;
