/** The use cases of customers: lock, load, decide, save and publish, in one transaction each. */
import type { AgentContext } from '../../platform/agent/agent-context.ts';
import { countOf } from '../../platform/data/count.ts';
import type { RowOf } from '../../platform/data/entity-table.ts';
import { matches } from '../../platform/data/row-filter.ts';
import type { Work } from '../../platform/store/store.ts';
import { refuse } from '../../platform/errors.ts';
import { checkAddress } from '../../platform/graphql/address.ts';
import type { RequestContext } from '../../platform/graphql/context.ts';
import { checkVersion, orTaken } from '../../platform/graphql/refusals.ts';
import { isId, newId } from '../../platform/ids.ts';
import { writableCustomers } from './access.ts';
import { checkPhone, checkRoom, defaultAfterChange, defaultAfterRemoval } from './domain.ts';
import { AddressSchema, type CustomerRow, CustomerSchema, type Tables } from './entities.ts';
import { customerAddressesChanged, customerCreated, customerUpdated } from './events.ts';
import type {
  AddAddressInput,
  CreateCustomerInput,
  RemoveAddressInput,
  UpdateAddressInput,
  UpdateCustomerInput,
} from './resolvers.generated.ts';

/** The changed address, with its customer. */
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
    work: (work: Work<Tables>, customer: CustomerRow) => Promise<T>,
  ) =>
    store.write({ locks: [id], origin: context }, async (session) =>
      work(session, await session.find(CustomerSchema, id, { rows: writableCustomers(context.actor), path })),
    );

  /** One transaction on an address, which may belong to a customer whom the caller may change. */
  const changeAddress = async <T>(
    input: { id: string; expectedVersion?: number | null },
    context: RequestContext,
    work: (work: Work<Tables>, customer: CustomerRow, address: RowOf<typeof AddressSchema>) => Promise<T>,
  ): Promise<T> => {
    const path = ['input', 'id'];
    // An address never changes its customer, so the customer to lock can be read before.
    const owner = await store.read
      .selectFrom('address')
      .select('customerId')
      .where('id', '=', input.id)
      .executeTakeFirst();
    if (!owner || !matches({ id: owner.customerId }, writableCustomers(context.actor)))
      throw refuse('NOT_FOUND', 'There is no such address, or it is not yours.', path);
    return change(owner.customerId, path, context, async (session, customer) => {
      const address = await session.find(AddressSchema, input.id, { rows: [{ customerId: customer.id }], path });
      checkVersion(address.version, input.expectedVersion);
      return work(session, customer, address);
    });
  };

  /** Saves a customer whose address was changed, and publishes it. */
  const saveChange = async (
    { save, publish }: Work<Tables>,
    customer: CustomerRow,
    { defaultAddressId }: Pick<CustomerRow, 'defaultAddressId'>,
    fact: { addressId: string; change: 'ADDED' | 'CHANGED' | 'REMOVED' },
  ): Promise<void> => {
    const { id, version } = await save(CustomerSchema, customer, { defaultAddressId, updatedAt: clock.now() });
    publish(customerAddressesChanged, {
      aggregateId: id,
      aggregateVersion: version,
      payload: { customerId: id, ...fact },
    });
  };

  return {
    async createCustomer({ id, userId, name, email }: CreateCustomerInput, context: RequestContext): Promise<string> {
      if (!isId(id, 'customer'))
        throw refuse('INVALID_INPUT', 'The id of a customer starts with `customer_`.', ['input', 'id']);
      const write = () =>
        store.write({ locks: [id], origin: context }, async ({ findIfAny, insert, publish }) => {
          const there = await findIfAny(CustomerSchema, id);
          if (there && there.userId !== userId)
            throw refuse('INVALID_INPUT', 'This id belongs to the customer of another user.', ['input', 'id']);
          if (there) return id;
          const now = clock.now();
          await insert(CustomerSchema, { id, userId, name, email, createdAt: now, updatedAt: now });
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
      const phone = input.phone === undefined ? undefined : checkPhone(input.phone, ['input', 'phone']);
      return change(input.id, ['input', 'id'], context, async ({ save, publish }, customer) => {
        checkVersion(customer.version, input.expectedVersion);
        const [name, email] = [input.name ?? undefined, input.email ?? undefined];
        const changes = { name, email, phone, updatedAt: clock.now() };
        const { id, version } = await save(CustomerSchema, customer, changes);
        publish(customerUpdated, { aggregateId: id, aggregateVersion: version, payload: { customerId: id } });
        return id;
      });
    },

    async addAddress(input: AddAddressInput, context: RequestContext): Promise<ChangedAddress> {
      const customerId = input.customerId ?? context.actor.customerId;
      if (!customerId) throw refuse('INVALID_INPUT', 'Say whose address it is: `customerId`.', ['input', 'customerId']);
      const address = checkAddress(input.address, ['input', 'address']);
      return change(customerId, ['input', 'customerId'], context, async (work, customer) => {
        checkRoom(await countOf(work.sql.selectFrom('address').where('customerId', '=', customerId)));
        const addressId = newId('address');
        await work.insert(AddressSchema, { id: addressId, customerId, ...address, createdAt: clock.now() });
        const defaultAddressId = defaultAfterChange(customer.defaultAddressId, addressId, input.isDefaultShipping);
        await saveChange(work, customer, { defaultAddressId }, { addressId, change: 'ADDED' });
        return { customerId, addressId };
      });
    },

    async updateAddress(input: UpdateAddressInput, context: RequestContext): Promise<ChangedAddress> {
      const checked = input.address && checkAddress(input.address, ['input', 'address']);
      return changeAddress(input, context, async (work, customer, address) => {
        const addressId = address.id;
        await work.save(AddressSchema, address, { ...checked });
        const defaultAddressId = defaultAfterChange(customer.defaultAddressId, addressId, input.isDefaultShipping);
        await saveChange(work, customer, { defaultAddressId }, { addressId, change: 'CHANGED' });
        return { customerId: customer.id, addressId };
      });
    },

    removeAddress: (input: RemoveAddressInput, context: RequestContext): Promise<string> =>
      changeAddress(input, context, async (work, customer, { id: addressId }) => {
        const others = await work.sql
          .selectFrom('address')
          .select('id')
          .where('customerId', '=', customer.id)
          .where('id', '!=', addressId)
          .orderBy('id')
          .execute();
        const oldestFirst = others.map(({ id }) => id);
        const defaultAddressId = defaultAfterRemoval(customer.defaultAddressId, addressId, oldestFirst);
        // The customer is saved first: an address cannot be deleted while it is the default.
        await saveChange(work, customer, { defaultAddressId }, { addressId, change: 'REMOVED' });
        await work.sql.deleteFrom('address').where('id', '=', addressId).execute();
        return customer.id;
      }),
  };
};

export type CustomerService = ReturnType<typeof customerService>;
